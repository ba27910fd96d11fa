import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const entry = fileURLToPath(new URL('../../warmcity.ts', import.meta.url))

/** A whole service as a person would start it, on free ports. */
export interface RunningService {
  readonly data: string
  readonly addresses: Readonly<Record<'mqtt' | 'websocket' | 'http' | 'edgeHttp', string>>
  /** Everything that it printed so far. */
  output(): string
  /** What the first group of a pattern matches in what was printed so far; throws where nothing does. */
  found(pattern: RegExp): string
  /** The demo accounts' password, as it is printed at the start. */
  password(): string
  /** Resolves when the output holds the text. */
  printed(text: string): Promise<void>
  /** Ctrl-C; resolves with the exit code. */
  stop(): Promise<number | null>
}

export const newDataFolder = () => mkdtempSync(join(tmpdir(), 'warmcity-'))

/** Runs `warmcity start` with the arguments; resolves when it has told where everything is. */
export async function startService(
  data: string,
  args: readonly string[],
  environment: NodeJS.ProcessEnv = {},
): Promise<RunningService> {
  const ports = ['--mqtt-port', '0', '--websocket-port', '0', '--http-port', '0', '--edge-http-port', '0']
  const child = spawn(process.execPath, [entry, 'start', '--data', data, ...ports, ...args], {
    env: { ...process.env, LANG: 'en_US.UTF-8', LC_ALL: '', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const text = collectOutput(child)
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve))
  const stop = () => {
    child.kill('SIGINT')
    return exited
  }
  // Printed last: whoever reads it knows that everything before it is there.
  await text.holds('Ctrl-C', exited)
  const path = join(data, 'addresses.json')
  if (!existsSync(path)) throw new Error(`the service told no addresses:\n${text.all()}`)
  const addresses = JSON.parse(readFileSync(path, 'utf8'))
  const found = (pattern: RegExp) => {
    const match = pattern.exec(text.all())?.[1]
    if (match === undefined) throw new Error(`the service did not print ${pattern}:\n${text.all()}`)
    return match
  }
  return {
    ...{ data, addresses, found, stop },
    output: text.all,
    password: () => found(/password "([^"]+)"/),
    printed: (wanted) => text.holds(wanted, exited),
  }
}

function collectOutput(child: ChildProcess) {
  let all = ''
  const waiting: { wanted: string; resolve: () => void }[] = []
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk: Buffer) => {
      all += chunk.toString()
      for (const { wanted, resolve } of waiting) if (all.includes(wanted)) resolve()
    })
  }
  return {
    all: () => all,
    holds(wanted: string, exited: Promise<unknown>): Promise<void> {
      if (all.includes(wanted)) return Promise.resolve()
      return Promise.race([
        new Promise<void>((resolve) => waiting.push({ wanted, resolve })),
        exited.then(() => {
          if (!all.includes(wanted)) throw new Error(`the service ended without printing "${wanted}":\n${all}`)
        }),
      ])
    },
  }
}
