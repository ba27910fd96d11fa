import { describeOptions, type Options, type OptionValues, parseOptions } from '../../commands/options.ts'

/** The options a benchmark or proof was started with; shows them for `--help`, and names every problem at once. */
export function optionsOrExit<O extends Options>(options: O): OptionValues<O> {
  const argv = process.argv.slice(2)
  if (argv.includes('--help') || argv.includes('-h')) {
    console.log(describeOptions(options) || 'Nothing can be set.')
    process.exit(0)
  }
  const parsed = parseOptions(options, argv, process.env)
  if (parsed.ok) return parsed.values
  console.error(parsed.problems.join('\n'))
  process.exit(2)
}
