import type { Builder } from '@grafana/grafana-foundation-sdk/cog'
import type { VariableModel } from '@grafana/grafana-foundation-sdk/dashboard'
import { tagIsVariable } from '../influxql/condition.ts'
import { consoleVariable, hiddenTagVariable, placeVariable } from '../parts/variables.ts'
import { variableTexts } from '../texts/common.ts'
import type { Language } from '../texts/said.ts'

/** What a dashboard is narrowed by, from the district down; each list holds what lies within the ones before it. */
export const narrowing = ['district', 'firm', 'source', 'substation', 'building'] as const
export type Narrowing = (typeof narrowing)[number]

interface Chosen {
  readonly consoleUrl: string
  /** Lists from above of which several or all may be chosen. */
  readonly through: readonly Narrowing[]
  /** The place that the dashboard is about. */
  readonly of: Narrowing
}

/** The console's address, the lists above, and the list of places that the dashboard is about. */
export function cascade({ consoleUrl, through, of }: Chosen, language: Language): Builder<VariableModel>[] {
  const variables: Builder<VariableModel>[] = [consoleVariable(consoleUrl, language)]
  const before: Narrowing[] = []
  for (const level of [...through, of]) {
    const within = before.filter((above) => above !== 'building').map((above) => tagIsVariable(above, above))
    const several = level !== of
    const label = variableTexts[level]
    if (level === 'firm' && before.includes('district')) {
      // A firm works in several districts and carries none: those of the stations in the district are asked for first.
      variables.push(hiddenTagVariable('firmHere', 'firm', within, language))
      const here = [tagIsVariable('id', 'firmHere')]
      variables.push(placeVariable({ name: level, label, level, within: here, several }, language))
    } else variables.push(placeVariable({ name: level, label, level, within, several }, language))
    before.push(level)
  }
  return variables
}
