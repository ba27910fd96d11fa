import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import type { Language } from '#domain/words.ts'
import { call, type Schemas } from '../api/client.ts'
import { useSettings, useTexts } from '../settings/settings.tsx'
import { nameIn } from '../text/words.ts'

type Name = Schemas['Name']
/** Kinds of things that have names. */
type NamedKind = 'territory' | 'firm' | 'source' | 'substation' | 'circuit' | 'building' | 'dwelling'

/** Names that are asked for within this are asked for together. */
const gatherMs = 15
/** As many as the service tells at once. */
export const namesPerRequest = 100
/** Places are renamed a few times in a decade. */
const keptMs = 3_600_000

interface Waiting {
  resolve(name: Name | null): void
  reject(error: unknown): void
}
let waiting = new Map<string, Waiting[]>()

/** Rows of a list each want a name: this asks once for all that appear together. */
function loadName(of: string): Promise<Name | null> {
  return new Promise((resolve, reject) => {
    if (waiting.size === 0) setTimeout(askTogether, gatherMs)
    waiting.set(of, [...(waiting.get(of) ?? []), { resolve, reject }])
  })
}

function askTogether(): void {
  const asked = [...waiting]
  waiting = new Map()
  for (let start = 0; start < asked.length; start += namesPerRequest) {
    const part = asked.slice(start, start + namesPerRequest)
    call('GET /api/v1/names', { query: { of: part.map(([of]) => of) } }).then(
      ({ items }) => {
        const found = new Map(items.map((name) => [name.of, name]))
        for (const [of, ones] of part) for (const one of ones) one.resolve(found.get(of) ?? null)
      },
      (error: unknown) => {
        for (const [, ones] of part) for (const one of ones) one.reject(error)
      },
    )
  }
}

/** Parts of a name from the estate down, joined as the language joins them. */
export function nameText({ parts }: Pick<Name, 'parts'>, language: Language): string {
  return parts.map(({ name, nameEn }) => nameIn(language, name, nameEn)).join(language === 'en' ? ', ' : ' ')
}

/** How a thing is called; its id until that is known, and where it has no name. */
export function useName(kind: NamedKind, id: string): string {
  const { language } = useSettings()
  const of = `${kind}/${id}`
  const { data } = useQuery({ queryKey: ['name', of], queryFn: () => loadName(of), staleTime: keptMs, gcTime: keptMs })
  return data ? nameText(data, language) : id
}

export function Name({ kind, id }: { readonly kind: NamedKind; readonly id: string }) {
  return useName(kind, id)
}

const plantKinds = ['source', 'substation', 'circuit'] as const
export const isPlantKind = (kind: string): kind is (typeof plantKinds)[number] =>
  plantKinds.some((known) => known === kind)

interface PlaceLinkProps {
  readonly kind: string
  readonly id: string
}

/** A link to the page of a home, a building or a plant, under its name; what has no page is named only. */
export function PlaceLink({ kind, id }: PlaceLinkProps): ReactNode {
  if (kind === 'dwelling') {
    return (
      <Link to="/dwellings/$id" params={{ id }}>
        <Name kind="dwelling" id={id} />
      </Link>
    )
  }
  if (kind === 'building') {
    return (
      <Link to="/buildings/$id" params={{ id }}>
        <Name kind="building" id={id} />
      </Link>
    )
  }
  if (isPlantKind(kind)) {
    return (
      <Link to="/plants/$kind/$id" params={{ kind, id }}>
        <Name kind={kind} id={id} />
      </Link>
    )
  }
  return kind === 'service' ? <ServiceName /> : id
}

function ServiceName() {
  return useTexts().kind.service
}
