import type { Dashboard, Panel } from '@grafana/grafana-foundation-sdk/dashboard'
import { parse } from 'yaml'
import { generateDefaults, generateFiles } from '../../dashboards/generate.ts'

/** What generated dashboards hold, as tests look at it: read from the text of the files, not from what made them. */

export interface BoardFile {
  readonly path: string
  readonly board: Dashboard
  /** Without the headings of rows. */
  readonly panels: readonly Panel[]
}

export interface AskedQuery {
  /** Where it stands, for people. */
  readonly at: string
  readonly text: string
  readonly database: 'rollUps' | 'readings'
  readonly kind: 'panel' | 'variable' | 'annotation' | 'rule'
}

export const generatedFiles = generateFiles(generateDefaults)

export const boardFiles: readonly BoardFile[] = [...generatedFiles]
  .filter(([path]) => path.endsWith('.json'))
  .map(([path, text]) => {
    const board = JSON.parse(text) as Dashboard
    return { path, board, panels: (board.panels ?? []).filter((panel): panel is Panel => panel.type !== 'row') }
  })

interface TargetJson {
  readonly refId: string
  readonly query?: string
  readonly channel?: string
  readonly resultFormat?: 'time_series' | 'table'
  readonly alias?: string
  /** Of a channel. */
  readonly filter?: { readonly fields: readonly string[] }
  readonly datasource?: { readonly uid?: string }
}

const databaseOf = (uid: string | undefined): AskedQuery['database'] =>
  uid === 'warmcity-readings' ? 'readings' : 'rollUps'

/** Every query of a dashboard: of its panels, variables and annotations. */
export function queriesOf({ path, board, panels }: BoardFile): AskedQuery[] {
  const ofPanels = panels.flatMap((panel) =>
    targetsOf(panel).flatMap(({ refId, query, datasource }): AskedQuery[] =>
      query === undefined
        ? []
        : [
            {
              at: `${path}: ${panel.title} ${refId}`,
              text: query,
              database: databaseOf(datasource?.uid),
              kind: 'panel',
            },
          ],
    ),
  )
  const ofVariables = (board.templating.list ?? [])
    .filter(({ type }) => type === 'query')
    .map(
      ({ name, query, datasource }): AskedQuery => ({
        at: `${path}: variable ${name}`,
        text: String(query),
        database: databaseOf(datasource?.uid),
        kind: 'variable',
      }),
    )
  const ofAnnotations = (board.annotations.list ?? []).map(
    ({ name, target, datasource }): AskedQuery => ({
      at: `${path}: annotation ${name}`,
      text: String((target as unknown as TargetJson | undefined)?.query),
      database: databaseOf(datasource?.uid),
      kind: 'annotation',
    }),
  )
  return [...ofPanels, ...ofVariables, ...ofAnnotations]
}

export const targetsOf = (panel: Panel): readonly TargetJson[] =>
  (panel.targets ?? []).map((target) => target as unknown as TargetJson)

/** What the answers to a panel's queries have as columns or series: what is selected, and as tables tags, too. */
export const columnsOf = (panel: Panel): string[] =>
  targetsOf(panel).flatMap(({ query = '', resultFormat, filter }) => {
    const outer = query.replace(/ FROM \(.*\)/, '')
    const selected = [...outer.matchAll(/ AS "([^"]+)"/g)].map(([, name]) => name ?? '')
    const grouped = /GROUP BY (.*?)(?: fill|$)/.exec(outer)?.[1] ?? ''
    const tags = resultFormat === 'table' ? [...grouped.matchAll(/"([^"]+)"/g)].map(([, name]) => name ?? '') : []
    return [...selected, ...tags, ...(filter?.fields ?? [])]
  })

export interface RuleJson {
  readonly uid: string
  readonly title: string
  readonly condition: string
  readonly data: readonly { readonly refId: string; readonly datasourceUid: string; readonly model: TargetJson }[]
  readonly annotations: Readonly<Record<string, string>>
  readonly labels: Readonly<Record<string, string>>
  readonly [key: string]: unknown
}

export const provisioned = (path: string): Record<string, unknown> =>
  parse(generatedFiles.get(`provisioning/${path}`) ?? '') as Record<string, unknown>

export const alertRules = (provisioned('alerting/rules.yaml').groups as { rules: RuleJson[] }[]).flatMap(
  ({ rules }) => rules,
)

export const ruleQueries: readonly AskedQuery[] = alertRules.flatMap(({ uid, data }) =>
  data.flatMap(({ refId, datasourceUid, model }): AskedQuery[] =>
    model.query === undefined
      ? []
      : [{ at: `rule ${uid} ${refId}`, text: model.query, database: databaseOf(datasourceUid), kind: 'rule' }],
  ),
)

export const allQueries: readonly AskedQuery[] = [...boardFiles.flatMap(queriesOf), ...ruleQueries]
