import type { Builder } from '@grafana/grafana-foundation-sdk/cog'
import type { VariableModel } from '@grafana/grafana-foundation-sdk/dashboard'
import { tagIs, tagIsVariable } from '../influxql/condition.ts'
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
    const ofStations = level === 'firm' || (level === 'source' && before.includes('firm'))
    if (ofStations && before.length > 0) {
      // A firm works in several districts, and a source feeds stations of several firms: asked for are those of the
      // stations within what is chosen.
      const here = `${level}Here`
      variables.push(hiddenTagVariable(here, level, [tagIs('level', 'substation'), ...within], language))
      variables.push(
        placeVariable({ name: level, label, level, within: [tagIsVariable('id', here)], several }, language),
      )
    } else variables.push(placeVariable({ name: level, label, level, within, several }, language))
    before.push(level)
  }
  return variables
}
