import { readFileSync } from 'node:fs'
import type { Command } from './commands/command.ts'
import { exitCode } from './commands/command.ts'

/** Loaded only when asked for: `--help` and a wrong name answer at once. */
const commands: Readonly<Record<string, () => Promise<Command>>> = {
  start: async () => (await import('./commands/start.ts')).start,
  edge: async () => (await import('./commands/edge.ts')).edge,
  api: async () => (await import('./commands/api.ts')).api,
  prepare: async () => (await import('./commands/prepare.ts')).prepare,
  simulate: async () => (await import('./commands/simulate.ts')).simulate,
  city: async () => (await import('./commands/city.ts')).city,
  registry: async () => (await import('./commands/registry.ts')).registry,
  gateways: async () => (await import('./commands/gateways.ts')).gateways,
  quarantine: async () => (await import('./commands/quarantine.ts')).quarantine,
  accounts: async () => (await import('./commands/accounts.ts')).accounts,
  audit: async () => (await import('./commands/audit.ts')).audit,
  influx: async () => (await import('./commands/influx.ts')).influx,
  'verify-record': async () => (await import('./commands/verify-record.ts')).verifyRecordCommand,
  'verify-list': async () => (await import('./commands/verify-list.ts')).verifyListCommand,
}

async function main(argv: readonly string[]): Promise<number> {
  const [name, ...rest] = argv
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    console.log(await describeCommands())
    return name === undefined ? exitCode.usage : exitCode.ok
  }
  if (name === '--version') {
    console.log(JSON.parse(readFileSync(new URL('./package.json', import.meta.url), 'utf8')).version)
    return exitCode.ok
  }
  const load = Object.hasOwn(commands, name) ? commands[name] : undefined
  if (load === undefined) {
    console.error(`warmcity: "${name}" is not a command\n\n${await describeCommands()}`)
    return exitCode.usage
  }
  const command = await load()
  return command.run(rest, process.env)
}

async function describeCommands(): Promise<string> {
  const loaded = await Promise.all(Object.values(commands).map((load) => load()))
  const nameWidth = Math.max(...loaded.map(({ name }) => name.length)) + 2
  const lines = loaded.map((command) => `  ${command.name.padEnd(nameWidth)}${command.summary}`)
  return `Usage: warmcity COMMAND [options]\n\n${lines.join('\n')}\n\nwarmcity COMMAND --help says more.`
}

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  // What fails outside of the program carries a code and says in its message what; the stack is for our own mistakes.
  if (!(error instanceof Error && 'code' in error && typeof error.code === 'string')) throw error
  console.error(`warmcity: ${error.message}`)
  process.exitCode = exitCode.failed
}
