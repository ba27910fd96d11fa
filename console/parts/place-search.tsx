import { useQuery } from '@tanstack/react-query'
import { Select } from 'antd'
import { type ReactNode, useEffect, useState } from 'react'
import { call } from '../api/client.ts'
import { queryOf } from '../api/queries.ts'
import { useSettings, useTexts } from '../settings/settings.tsx'
import { nameIn } from '../text/words.ts'
import { Name, namesPerRequest, nameText } from './names.tsx'

/** The shortest name that is looked for. */
const searchMin = 2
/** Whoever types on does not want an answer yet. */
const typingMs = 250
/** As many as one reads before typing on. */
const foundMax = 20
/** Estates of one name in a city, whose buildings are all shown. */
const estatesMax = 3

interface PlaceFieldProps {
  /** The id of the place; a field of a form is given it, and gives it back. */
  readonly value?: string
  onChange?(value: string | undefined): void
  /** A field of a form is called by its label. */
  readonly id?: string
}

/** What is found by its name; a home is found through its building. */
type SearchedKind = 'territory' | 'firm' | 'source' | 'substation' | 'circuit' | 'building'

/** A place or a firm, found by its name among those that the account may see: a field of a form. */
export function PlaceSearch({ kind, ...field }: PlaceFieldProps & { readonly kind: SearchedKind | 'dwelling' }) {
  return kind === 'dwelling' ? <HomeSearch {...field} /> : <NameSearch kind={kind} {...field} />
}

function NameSearch({ kind, value, onChange, id }: PlaceFieldProps & { readonly kind: SearchedKind }) {
  const { app } = useTexts()
  const { language } = useSettings()
  const [typed, setTyped] = useState('')
  const search = useSettled(typed.trim())
  const query = useQuery({
    queryKey: ['places-named', kind, search],
    queryFn: ({ signal }) => placesNamed(kind, search, signal),
    enabled: search.length >= searchMin,
  })
  const chosen: { value: string; label: ReactNode }[] =
    value === undefined ? [] : [{ value, label: <Name kind={kind} id={value} /> }]
  const found: typeof chosen = (query.data ?? []).map(({ id: place, parts }) => ({
    value: place,
    label: nameText({ parts }, language),
  }))
  return (
    <Select
      {...(id !== undefined && { id })}
      showSearch={{ filterOption: false, onSearch: setTyped }}
      allowClear
      placeholder={kind === 'building' ? app.findBuilding : app.findByName}
      loading={query.isFetching}
      notFoundContent={search.length < searchMin || query.isFetching ? null : app.nothing}
      value={value ?? null}
      options={search.length < searchMin ? chosen : found}
      onChange={(next: string | null | undefined) => onChange?.(next ?? undefined)}
    />
  )
}

/** What somebody has stopped changing. */
function useSettled(value: string): string {
  const [settled, setSettled] = useState(value)
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), typingMs)
    return () => clearTimeout(timer)
  }, [value])
  return settled
}

/** Buildings go by the names of their estates, too; what is not named to the account, it may not see. */
async function placesNamed(kind: SearchedKind, search: string, signal: AbortSignal) {
  const ids = kind === 'building' ? await buildingsNamed(search, signal) : await idsNamed(kind, search, signal)
  if (ids.length === 0) return []
  const { items } = await call('GET /api/v1/names', { query: { of: ids.map((id) => `${kind}/${id}`) } }, signal)
  return items.map(({ of, parts }) => ({ id: of.slice(kind.length + 1), parts }))
}

async function buildingsNamed(search: string, signal: AbortSignal): Promise<string[]> {
  const [named, estates] = await Promise.all([
    idsNamed('building', search, signal),
    call('GET /api/v1/registry/territory', { query: { search, kind: 'estate', limit: estatesMax } }, signal),
  ])
  const within = await Promise.all(
    estates.items.map(({ id }) =>
      call('GET /api/v1/registry/building', { query: { parent: id, limit: foundMax } }, signal),
    ),
  )
  const ids = [...named, ...within.flatMap(({ items }) => items.map(({ id }) => id))]
  return [...new Set(ids)].slice(0, namesPerRequest)
}

async function idsNamed(kind: SearchedKind, search: string, signal: AbortSignal): Promise<string[]> {
  const { items } = await call(`GET /api/v1/registry/${kind}`, { query: { search, limit: foundMax } }, signal)
  return items.map(({ id }) => id)
}

/** A home: its building by name, then its door. */
function HomeSearch({ value, onChange, id }: PlaceFieldProps) {
  const { app } = useTexts()
  const { language } = useSettings()
  const [building, setBuilding] = useState<string>()
  const homes = useQuery(
    queryOf(
      'GET /api/v1/buildings/{id}/homes',
      { params: { id: building ?? '' } },
      { enabled: building !== undefined },
    ),
  )
  const doors = homes.data?.entrances.map(({ entrance, homes: behind }) => ({
    label: nameIn(language, entrance.name),
    options: behind.map(({ dwelling, door }) => ({
      value: dwelling,
      label: `${nameIn(language, entrance.name)} ${door}`,
    })),
  }))
  return (
    <div className="home-search">
      <NameSearch
        kind="building"
        {...(id !== undefined && { id })}
        {...(building !== undefined && { value: building })}
        onChange={(next) => {
          setBuilding(next)
          onChange?.(undefined)
        }}
      />
      <Select
        aria-label={app.chooseHome}
        placeholder={app.chooseHome}
        showSearch={{ optionFilterProp: 'label' }}
        disabled={building === undefined}
        loading={homes.isFetching}
        value={value ?? null}
        options={doors ?? []}
        onChange={(next: string | null) => onChange?.(next ?? undefined)}
      />
    </div>
  )
}
