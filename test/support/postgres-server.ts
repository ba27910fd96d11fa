import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, existsSync, readdirSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { freePort } from './free-port.ts'
import { hasProgram } from './required-programs.ts'

/** A throw-away PostgreSQL in a temporary folder; it can be stopped and started again where it was. */
export interface PostgresServer {
  readonly pid: number
  readonly version: string
  /** Makes an empty database, or a copy of another to which nobody is connected; returns its URL. */
  createDatabase(name: string, template?: string): Promise<string>
  start(): Promise<void>
  /** SIGINT, the default, ends sessions at once and shuts down in order; SIGQUIT does not, like a crash. */
  stop(signal?: 'SIGINT' | 'SIGQUIT'): Promise<void>
  /** Stops it and removes its folder. */
  remove(): Promise<void>
}

/** Owner of all databases. Nobody asks for its password: the server listens on this machine alone. */
const user = 'warmcity'

/** A role of this name, which a test may make, has to give its password. */
export const guardedRole = 'guarded'

/** Debian keeps the programs out of everybody's way, in a folder for each version. */
const debianRoot = '/usr/lib/postgresql'

/** True where a suite can have a PostgreSQL of its own. */
export function hasPostgres(suite: string): boolean {
  return debianVersions().length > 0 || hasProgram('postgres', suite)
}

/** Newest first; a folder may hold the client alone. */
function debianVersions(): string[] {
  if (!existsSync(debianRoot)) return []
  const versions = readdirSync(debianRoot).filter((version) => existsSync(join(debianRoot, version, 'bin/postgres')))
  return versions.sort((left, right) => Number(right) - Number(left))
}

function programPath(name: string): string {
  const [version] = debianVersions()
  return version === undefined ? name : join(debianRoot, version, 'bin', name)
}

export interface PostgresServerOptions {
  /** Without syncs a test is quicker; what is measured or killed needs them. */
  readonly fsync?: boolean
}

/** Starts a server; resolves when it serves. The port is free at first and stays the same afterwards. */
export async function startPostgres({ fsync = false }: PostgresServerOptions = {}): Promise<PostgresServer> {
  const directory = await mkdtemp(join(tmpdir(), 'postgres-'))
  const owner = ownerOf()
  if (owner.uid !== undefined) chownSync(directory, owner.uid, owner.gid ?? owner.uid)
  const data = join(directory, 'data')
  const made = spawnSync(
    programPath('initdb'),
    ['-D', data, '-U', user, '-A', 'trust', '-E', 'UTF8', '--locale=C.UTF-8', '--no-sync'],
    { ...owner, cwd: directory, encoding: 'utf8' },
  )
  if (made.status !== 0) throw new Error(`initdb ended with ${made.status}: ${made.stderr}`)
  const port = await freePort()
  const settings = {
    listen_addresses: "'127.0.0.1'",
    port,
    unix_socket_directories: "''",
    fsync: fsync ? 'on' : 'off',
    shared_buffers: '32MB',
    max_wal_size: '256MB',
    jit: 'off',
  }
  const lines = Object.entries(settings).map(([name, value]) => `${name} = ${value}`)
  await writeFile(join(data, 'postgresql.conf'), `${lines.join('\n')}\n`)
  const rules = [`host all ${guardedRole} 127.0.0.1/32 scram-sha-256`, 'host all all 127.0.0.1/32 trust']
  await writeFile(join(data, 'pg_hba.conf'), `${rules.join('\n')}\n`)
  const url = (database: string) => `postgres://${user}@127.0.0.1:${port}/${database}`
  let child: ChildProcess | undefined
  // A server must not outlive a process that ends in the middle of everything.
  process.once('exit', () => child?.kill('SIGQUIT'))

  async function start(): Promise<void> {
    const begun = spawn(programPath('postgres'), ['-D', data], {
      ...owner,
      cwd: directory,
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    child = begun
    await new Promise<void>((resolve, reject) => {
      let text = ''
      begun.stderr.on('data', (chunk: Buffer) => {
        if (text.length > 100_000) return
        text += chunk
        if (text.includes('ready to accept connections')) resolve()
      })
      begun.once('error', reject)
      begun.once('exit', (code) => reject(new Error(`postgres ended with ${code} before it served:\n${text}`)))
    })
  }

  async function stop(signal: NodeJS.Signals): Promise<void> {
    const running = child
    child = undefined
    if (running === undefined || running.exitCode !== null || running.signalCode !== null) return
    const ended = once(running, 'exit')
    running.kill(signal)
    await ended
  }

  async function ask(text: string): Promise<pg.QueryResult> {
    const client = new pg.Client({ connectionString: url('postgres') })
    await client.connect()
    try {
      return await client.query(text)
    } finally {
      await client.end()
    }
  }

  await start()
  const version: string = (await ask('show server_version')).rows[0].server_version
  return {
    version,
    get pid() {
      return child?.pid ?? 0
    },
    async createDatabase(name, template = 'template0') {
      await ask(`create database "${name}" template "${template}"`)
      return url(name)
    },
    start,
    stop: (signal = 'SIGINT') => stop(signal),
    async remove() {
      await stop('SIGQUIT')
      await rm(directory, { recursive: true, force: true })
    },
  }
}

/** PostgreSQL refuses to run as root: Debian's own account for it takes over, or nobody. */
function ownerOf(): { uid?: number; gid?: number } {
  if (process.getuid?.() !== 0) return {}
  const idOf = (flag: string, name: string) => Number(spawnSync('id', [flag, name], { encoding: 'utf8' }).stdout.trim())
  const name = spawnSync('id', ['postgres']).status === 0 ? 'postgres' : 'nobody'
  return { uid: idOf('-u', name), gid: idOf('-g', name) }
}
