import { useQuery } from '@tanstack/react-query'
import { queryOf } from '../api/queries.ts'
import { useSettings, useTexts } from '../settings/settings.tsx'
import { nameIn } from '../text/words.ts'
import { Choice } from './filters.tsx'

/** A city has tens of districts and of firms; the service gives so many at once. */
const choicesMax = 500

interface AreaChoiceProps {
  readonly value: string | undefined
  onChange(value: string | undefined): void
}

/** One of the districts that the account may see. */
export function DistrictChoice({ value, onChange }: AreaChoiceProps) {
  const texts = useTexts()
  const { language } = useSettings()
  const cities = useQuery(queryOf('GET /api/v1/registry/territory', { query: { limit: choicesMax } }))
  const districts = cities.data?.items.filter(({ kind }) => kind === 'district') ?? []
  const options = districts.map(({ id, name, name_en }) => ({
    value: id,
    label: nameIn(language, name, name_en),
  }))
  return <Choice label={texts.kind.district} value={value} options={options} onChange={onChange} />
}

export function FirmChoice({ value, onChange }: AreaChoiceProps) {
  const texts = useTexts()
  const { language } = useSettings()
  const firms = useQuery(queryOf('GET /api/v1/registry/firm', { query: { limit: choicesMax } }))
  const options = (firms.data?.items ?? []).map(({ id, name, name_en }) => ({
    value: id,
    label: nameIn(language, name, name_en),
  }))
  return <Choice label={texts.kind.firm} value={value} options={options} onChange={onChange} />
}
