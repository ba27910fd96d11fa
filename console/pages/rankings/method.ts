import { useQuery } from '@tanstack/react-query'
import type { Answer } from '../../api/client.ts'
import { queryOf } from '../../api/queries.ts'
import { useSettings } from '../../settings/settings.tsx'
import { nameIn } from '../../text/words.ts'

export type Method = Answer<'GET /api/v1/ranking-methods'>['items'][number]
export type MethodItem = Method['dimensions'][number]['items'][number]

interface Named {
  readonly zh: string
  readonly en: string
}

interface Placed {
  readonly territory: string
  readonly territoryName?: string
  readonly territoryNameEn?: string
}

interface FirmNamed {
  readonly firm: string
  readonly name?: string
  readonly nameEn?: string
}

/** Every version of every method, in the chosen language. */
export function useMethods() {
  const { language } = useSettings()
  const { data } = useQuery(queryOf('GET /api/v1/ranking-methods', {}))
  const find = (id: string, version: number): Method | undefined =>
    data?.items.find((method) => method.id === id && method.version === version)
  return {
    methods: data?.items ?? [],
    find,
    nameOf: (name: Named) => name[language],
    /** How a list's territory and its method are called. */
    territoryOf: ({ territory, territoryName, territoryNameEn }: Placed): string =>
      nameIn(language, territoryName ?? territory, territoryNameEn),
    firmOf: ({ firm, name, nameEn }: FirmNamed): string => nameIn(language, name ?? firm, nameEn),
    vetoName: (method: Method | undefined) => (kind: string) =>
      method?.vetoes.find((veto) => veto.kind === kind)?.name[language] ?? kind,
  }
}
