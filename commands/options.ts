import { parseArgs } from 'node:util'
import { z } from 'zod'

/** One setting of a command: read from the flag, else from the environment, else the default. */
export interface Option<Value> {
  readonly env: string
  readonly schema: z.ZodType<Value>
  readonly default?: Value
  /** Shown by `--help`; the unit belongs here. */
  readonly help: string
  /** What stands for the value in `--help`. */
  readonly placeholder?: string
  /** Taken from the environment alone: arguments are seen by everybody on the machine. */
  readonly secret?: true
}

export type Options = Readonly<Record<string, Option<unknown>>>
/** Values by the option's camelCase name; an option without a default may be undefined. */
export type OptionValues<O extends Options> = {
  [Name in keyof O]: O[Name] extends Option<infer Value>
    ? O[Name] extends { default: unknown }
      ? Value
      : Value | undefined
    : never
}

export type ParsedOptions<O extends Options> =
  | { readonly ok: true; readonly values: OptionValues<O>; readonly positionals: string[] }
  | { readonly ok: false; readonly problems: string[] }

export const flagOption = (env: string, help: string) =>
  ({ env, help, default: false, schema: booleanSchema }) satisfies Option<boolean>

const booleanSchema = z.union([
  z.boolean(),
  z.enum(['true', 'false', '1', '0']).transform((text) => text === 'true' || text === '1'),
])

const kebab = (name: string) => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
const isBoolean = (option: Option<unknown>) => option.schema === (booleanSchema as z.ZodType<unknown>)

/**
 * Reads a command's options from its arguments and the environment. Every problem is reported, not only the first.
 * A boolean option can be switched off with `--no-NAME`.
 */
export function parseOptions<O extends Options>(
  options: O,
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  positionalsMax = 0,
): ParsedOptions<O> {
  const problems: string[] = []
  const { given, positionals } = readFlags(options, argv, problems)
  const values: Record<string, unknown> = {}
  for (const [name, option] of Object.entries(options)) {
    const flag = given.get(name)
    const raw = flag ?? env[option.env]
    if (raw === undefined || raw === '') {
      values[name] = option.default
      continue
    }
    const parsed = option.schema.safeParse(raw)
    if (parsed.success) values[name] = parsed.data
    else {
      const where = flag === undefined ? option.env : `--${kebab(name)}`
      const given = option.secret ? '' : ` (given: ${JSON.stringify(raw)})`
      problems.push(`${where}: ${parsed.error.issues[0]?.message}${given}`)
    }
  }
  for (const extra of positionals.slice(positionalsMax)) problems.push(`"${extra}" is not expected here`)
  if (problems.length > 0) return { ok: false, problems }
  return { ok: true, values: values as OptionValues<O>, positionals }
}

function readFlags(options: Options, argv: readonly string[], problems: string[]) {
  const withFlag = Object.entries(options).filter(([, option]) => option.secret !== true)
  const byFlag = new Map(withFlag.map(([name]) => [kebab(name), name]))
  const given = new Map<string, string | boolean>()
  const { tokens, positionals } = parseArgs({
    args: [...argv],
    strict: false,
    tokens: true,
    allowPositionals: true,
    options: Object.fromEntries(
      Object.entries(options).map(([name, option]) => [
        kebab(name),
        { type: isBoolean(option) ? ('boolean' as const) : ('string' as const) },
      ]),
    ),
  })
  for (const token of tokens) {
    if (token.kind !== 'option') continue
    const negated = token.name.startsWith('no-') ? byFlag.get(token.name.slice(3)) : undefined
    const name = byFlag.get(token.name) ?? negated
    const option = name === undefined ? undefined : options[name]
    if (name === undefined || option === undefined || (negated !== undefined && !isBoolean(option))) {
      problems.push(`${token.rawName} is not an option${suggestion(token.name, [...byFlag.keys()])}`)
    } else if (isBoolean(option)) {
      if (token.value !== undefined) problems.push(`${token.rawName} takes no value`)
      given.set(name, negated === undefined)
    } else if (token.value === undefined) {
      problems.push(`${token.rawName} needs a value: ${token.rawName} ${option.placeholder ?? 'VALUE'}`)
    } else given.set(name, token.value)
  }
  return { given, positionals }
}

function suggestion(name: string, known: readonly string[]): string {
  const near = known.find((candidate) => candidate.startsWith(name.slice(0, 4)) || name.startsWith(candidate))
  return near ? `; did you mean --${near}?` : '; --help lists them'
}

/** The options of a command as `--help` shows them: flag, meaning, default, environment name. */
export function describeOptions(options: Options): string {
  const rows = Object.entries(options).map(([name, option]) => {
    const boolean = isBoolean(option)
    const negatable = boolean && option.default === true
    if (option.secret) return ['(no flag)', option.help, option.env] as const
    const flag = `--${negatable ? 'no-' : ''}${kebab(name)}${boolean ? '' : ` ${option.placeholder ?? 'VALUE'}`}`
    const standard = option.default === undefined || boolean ? '' : ` [${option.default}]`
    return [flag, `${option.help}${standard}`, option.env] as const
  })
  const width = Math.max(...rows.map(([flag]) => flag.length))
  return rows
    .map(([flag, help, env]) => `  ${flag.padEnd(width)}  ${help}\n  ${''.padEnd(width)}  env ${env}`)
    .join('\n')
}

export const portSchema = z
  .string()
  .regex(/^\d{1,5}$/, 'a port is a number from 0 to 65535 (0 picks a free one)')
  .transform(Number)
  .refine((port) => port <= 65_535, 'a port is a number from 0 to 65535 (0 picks a free one)')

export const positiveInteger = (what: string, max = Number.MAX_SAFE_INTEGER, min = 1) => {
  const reason = `${what} is a whole number from ${min} to ${max}`
  return z
    .string()
    .regex(/^\d{1,16}$/, reason)
    .transform(Number)
    .refine((number) => number >= min && number <= max, reason)
}
