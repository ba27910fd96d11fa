import { type Options, type OptionValues, parseOptions } from '../../commands/options.ts'

/** The options a benchmark or proof was started with; names every problem at once and ends with exit code 2. */
export function optionsOrExit<O extends Options>(options: O): OptionValues<O> {
  const parsed = parseOptions(options, process.argv.slice(2), process.env)
  if (parsed.ok) return parsed.values
  console.error(parsed.problems.join('\n'))
  process.exit(2)
}
