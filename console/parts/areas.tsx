import { useQuery } from '@tanstack/react-query'
import { queryOf } from '../api/queries.ts'
import { useSettings, useTexts } from '../settings/settings.tsx'
import { nameIn } from '../text/words.ts'
import { Choice } from './filters.tsx'

/** A city has tens of districts and of firms; the service gives so many at once. */
const choicesMax = 500

interface Option {
  readonly value: string
  readonly label: string
}

/** Parts of the city that the account may see, of a kind. */
export function useTerritoryOptions(kind: 'city' | 'district'): Option[] {
  const { language } = useSettings()
  const { data } = useQuery(queryOf('GET /api/v1/registry/territory', { query: { kind, limit: choicesMax } }))
  return (data?.items ?? []).map(({ id, name, name_en }) => ({ value: id, label: nameIn(language, name, name_en) }))
}

interface AreaChoiceProps {
  readonly value: string | undefined
  onChange(value: string | undefined): void
}

export function DistrictChoice({ value, onChange }: AreaChoiceProps) {
  const texts = useTexts()
  const options = useTerritoryOptions('district')
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
