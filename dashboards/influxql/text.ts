/**
 * Pieces of InfluxQL. What a name or a value contains never changes what a query does; a `$` or `[[` would be taken for
 * a variable by Grafana before InfluxDB sees it, so text that holds one is refused.
 */

/** A measurement, tag, field or column: always quoted, so that no name is ever taken for a keyword. */
export const identifier = (name: string): string => `"${escaped(name, '"')}"`

/** A text that stands for itself, as the value of a tag. */
export const literal = (text: string): string => `'${escaped(text, "'")}'`

function escaped(text: string, quote: string): string {
  if (/\$|\[\[/.test(text)) throw new Error(`Grafana takes a part of ${JSON.stringify(text)} for a variable`)
  return text.replaceAll('\\', '\\\\').replaceAll(quote, `\\${quote}`).replaceAll('\n', '\\n')
}

/** Characters that mean something in a regular expression of Go, and the slash that ends one in InfluxQL. */
const special = /[\\^$*+?.()|[\]{}/]/g

/** A text within a regular expression, matched as it stands. */
export const regexText = (text: string): string => text.replace(special, '\\$&')

/** A name that Grafana knows as a variable. */
const variablePattern = /^[a-z][A-Za-z0-9]*$/

/**
 * What a variable holds, within a regular expression. The format is named, because what Grafana does without one has
 * changed between its versions: one value is escaped, several become (a|b), and "all" is what the variable says it is.
 */
export function variableInRegex(name: string): string {
  if (!variablePattern.test(name)) throw new Error(`${JSON.stringify(name)} is no name of a variable`)
  return `\${${name}:regex}`
}

const durationPattern = /^\d+(ms|s|m|h|d|w)$/

/** A length of time as InfluxQL writes it, or Grafana's own choice for the width of the panel. */
export type Duration = `${number}${'ms' | 's' | 'm' | 'h' | 'd' | 'w'}`

export function durationText(duration: Duration): string {
  if (!durationPattern.test(duration)) throw new Error(`${duration} is no length of time in InfluxQL`)
  return duration
}
