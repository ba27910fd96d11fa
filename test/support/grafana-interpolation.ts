import type { Dashboard, VariableModel } from '@grafana/grafana-foundation-sdk/dashboard'

/**
 * What Grafana puts into a query before InfluxDB sees it, written from its documents and seen behaviour: chosen values
 * as `${name:regex}`, the shown time, and the width of a bucket.
 */

export interface ShownTime {
  readonly from: number
  readonly to: number
}

/** The chosen values of each variable; `all` is what the variable says that it is. */
export type Chosen = Readonly<Record<string, readonly string[] | 'all'>>

/** Points that fit into a panel on a wall screen. */
const pointsPerPanel = 1_000

export function interpolate(
  text: string,
  shown: ShownTime,
  board: Dashboard | undefined,
  chosen: Chosen,
  options: Options,
): string {
  const variables = new Map((board?.templating.list ?? []).map((variable) => [variable.name, variable]))
  const interval = intervalText(Math.max((shown.to - shown.from) / pointsPerPanel, options.everyAtLeastMs ?? 1_000))
  return text
    .replaceAll(/\$\{(\w+):regex\}/g, (_whole, name: string) => regexOf(variables.get(name), chosen[name], name))
    .replaceAll('$timeFilter', `time >= ${shown.from}ms and time <= ${shown.to}ms`)
    .replaceAll(/\$\{__to\}/g, String(shown.to))
    .replaceAll('$__interval', interval)
}

interface Options {
  readonly everyAtLeastMs?: number
}

function regexOf(variable: VariableModel | undefined, values: Chosen[string] | undefined, name: string): string {
  if (values === undefined) throw new Error(`Nothing is chosen for the variable ${name}`)
  if (values === 'all') {
    if (variable?.allValue === undefined) throw new Error(`The variable ${name} does not say what all is`)
    return variable.allValue
  }
  const escaped = values.map((value) => value.replace(/[\\^$*+?.()|[\]{}/]/g, '\\$&'))
  return escaped.length === 1 ? (escaped[0] ?? '') : `(${escaped.join('|')})`
}

const intervalText = (ms: number): string => `${Math.ceil(ms / 1_000)}s`

/** Values of a variable from the answer to its query, as its pattern reads them. */
export function optionsOf(variable: VariableModel, found: readonly string[]): { text: string; value: string }[] {
  const { regex } = variable
  if (regex === undefined || regex === '') return found.map((value) => ({ text: value, value }))
  const pattern = new RegExp(regex.replace(/^\/|\/$/g, ''))
  return found.flatMap((text) => {
    const groups = pattern.exec(text)?.groups
    return groups?.value === undefined ? [] : [{ text: groups.text ?? groups.value, value: groups.value }]
  })
}
