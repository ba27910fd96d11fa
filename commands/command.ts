import { describeOptions, type Options, type OptionValues, parseOptions } from './options.ts'

/** Exit codes that scripts may rely on. */
export const exitCode = { ok: 0, failed: 1, usage: 2 } as const

/** A subcommand of `warmcity`. */
export interface Command {
  readonly name: string
  /** One line for the list of commands. */
  readonly summary: string
  readonly options: Options
  /** Runs with the arguments after the command's name; resolves to the exit code. */
  run(argv: readonly string[], env: NodeJS.ProcessEnv): Promise<number>
}

interface CommandDefinition<O extends Options> {
  readonly name: string
  readonly summary: string
  /** What stands after the name in the usage line. */
  readonly usage?: string
  readonly positionalsMax?: number
  readonly options: O
  run(values: OptionValues<O>, positionals: string[]): Promise<number>
}

/** A command that answers `--help` itself and reports all usage problems at once with exit code 2. */
export function defineCommand<const O extends Options>(definition: CommandDefinition<O>): Command {
  const usage = `Usage: warmcity ${definition.name}${definition.usage ? ` ${definition.usage}` : ''} [options]`
  return {
    name: definition.name,
    summary: definition.summary,
    options: definition.options,
    async run(argv, env) {
      if (argv.includes('--help') || argv.includes('-h')) {
        console.log(`${usage}\n\n${definition.summary}\n\n${describeOptions(definition.options)}`)
        return exitCode.ok
      }
      const parsed = parseOptions(definition.options, argv, env, definition.positionalsMax)
      if (parsed.ok) return definition.run(parsed.values, parsed.positionals)
      const problems = parsed.problems.map((problem) => `  ${problem}`).join('\n')
      console.error(`warmcity ${definition.name}: ${parsed.problems.length} problem(s)\n${problems}\n${usage}`)
      return exitCode.usage
    },
  }
}
