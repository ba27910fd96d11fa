import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv } from 'ajv'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { api } from '../../commands/api.ts'
import type { Command } from '../../commands/command.ts'
import { edge } from '../../commands/edge.ts'
import { influx } from '../../commands/influx.ts'
import { parseOptions } from '../../commands/options.ts'
import { prepare } from '../../commands/prepare.ts'
import { apiClientId } from '../../commands/service-accounts.ts'
import { simulate } from '../../commands/simulate.ts'
import { start } from '../../commands/start.ts'
import { copyOf, listOf, readStages } from '../support/dockerfile.ts'

/*
 * No container engine is needed for any of this: the files are held to the specification, to the options of the
 * commands and to each other. `npm run proof:image` goes through the steps of the image.
 */
const root = join(import.meta.dirname, '../..')
const text = (path: string) => readFileSync(join(root, path), 'utf8')

interface Service {
  readonly image: string
  readonly build?: string
  readonly command?: readonly string[]
  readonly user?: string
  readonly profiles?: readonly string[]
  readonly environment?: Readonly<Record<string, string>>
  readonly secrets?: readonly (string | { readonly source: string; readonly target: string })[]
  readonly ports?: readonly string[]
  readonly volumes?: readonly string[]
  readonly tmpfs?: readonly string[]
  readonly privileged?: boolean
  readonly cap_add?: readonly string[]
  readonly logging?: object
  readonly restart?: string
  readonly stop_grace_period?: string
  readonly healthcheck?: { readonly test: readonly string[] }
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>
}

/** Names and values of a file for `--env-file`. */
const environmentOf = (path: string): Record<string, string> =>
  Object.fromEntries([...text(path).matchAll(/^(\w+)=(.*)$/gm)].map(([, name = '', value = '']) => [name, value]))
const outsideBroker = environmentOf('deploy/outside-broker.env')

/** The file as it is with these variables; every variable that it has is of the kind that has a default. */
const composeWith = (environment: Readonly<Record<string, string>>) => {
  const filledIn = (part: unknown): unknown => {
    if (typeof part === 'string') {
      return part.replaceAll(/\$\{(\w+):-([^}]*)\}/g, (_, name, standard) => environment[name] || standard)
    }
    if (Array.isArray(part)) return part.map(filledIn)
    if (typeof part !== 'object' || part === null) return part
    return Object.fromEntries(Object.entries(part).map(([name, inner]) => [name, filledIn(inner)]))
  }
  return filledIn(parse(text('docker-compose.yml'), { merge: true })) as Compose
}

interface Compose {
  readonly services: Readonly<Record<string, Service>>
  readonly volumes: Readonly<Record<string, unknown>>
  readonly secrets: Readonly<Record<string, { readonly file: string }>>
}
const compose = composeWith({})
const services = Object.entries(compose.services)
const ours = services.filter(([, { build }]) => build !== undefined)
const isOnce = ({ restart = '' }: Service) => restart.startsWith('on-failure')
const commands: readonly Command[] = [start, edge, api, prepare, influx, simulate]
const stages = readStages(join(root, 'Dockerfile'))
const image = stages.at(-1)
const instructions = (name: string) => image?.instructions.filter((instruction) => instruction.name === name) ?? []
const imageEnvironment = Object.fromEntries(
  instructions('ENV').flatMap((instruction) => instruction.text.split(' ').map((pair) => pair.split('='))),
)

describe('docker-compose.yml', () => {
  const schema = JSON.parse(text('test/support/compose-spec/compose-spec.json'))
  // The specification names its own dialect with https, which is not how the dialect calls itself.
  const valid = new Ajv({ strict: false, validateFormats: false }).compile({ ...schema, $schema: undefined })

  it.each([{}, outsideBroker])('keeps to the compose specification with %o', (environment) => {
    const whole = composeWith(environment)
    expect(valid(whole), JSON.stringify(valid.errors)).toBe(true)
    expect(JSON.stringify(whole)).not.toContain('${')
    expect(valid({ ...compose, services: { edge: { comand: ['edge'] } } })).toBe(false)
  })

  it.each(ours)('gives %s a command that takes its settings as they are', (serviceName, service) => {
    const [name, ...argv] = service.command ?? []
    const command = commands.find((known) => known.name === name)
    if (command === undefined) throw new Error(`there is no command ${name}`)
    const known = new Set(Object.values(command.options).map(({ env }) => env))
    expect(Object.keys(service.environment ?? {}).filter((variable) => !known.has(variable))).toEqual([])
    for (const environment of [{}, outsideBroker]) {
      const given = composeWith(environment).services[serviceName]?.environment
      const parsed = parseOptions(command.options, argv, { ...imageEnvironment, ...given }, argv.length)
      expect(parsed).toMatchObject({ ok: true })
    }
  })

  it.each(services)('gives %s its secrets by file and in no other way', (_name, service) => {
    const environment = Object.entries(service.environment ?? {})
    const secretNames = new Set(
      commands.flatMap(({ options }) => Object.values(options).flatMap(({ env, secret }) => (secret ? [env] : []))),
    )
    expect(environment.filter(([name]) => secretNames.has(name) || /(PASSWORD|TOKEN|SECRET)$/.test(name))).toEqual([])
    const paths = environment.map(([, value]) => value).filter((value) => value.startsWith('/run/secrets/'))
    const mounted = (service.secrets ?? []).map((one) => (typeof one === 'string' ? { source: one, target: one } : one))
    const targets = mounted.map(({ target }) => `/run/secrets/${target}`)
    for (const path of paths) expect(targets).toContain(path)
    for (const { source } of mounted) expect(Object.keys(compose.secrets)).toContain(source)
  })

  it('keeps its secrets in a folder that git does not', () => {
    for (const [name, { file }] of Object.entries(compose.secrets)) expect(file).toBe(`./secrets/${name}`)
    expect(text('.gitignore').split('\n')).toContain('secrets/')
  })

  it.each(services)('pins the image of %s to a release', (_name, { image: name }) => {
    expect(name).toMatch(/^[a-z/-]+:\d+\.\d+(\.\d+)?(-[a-z]+)?$/)
  })

  it('calls its own image by the version of the package', () => {
    for (const [, { image: name }] of ours) expect(name).toBe(`warmcity:${JSON.parse(text('package.json')).version}`)
  })

  it.each(services)('gives %s no rights, and logs that come to an end', (_name, service) => {
    expect(service).toMatchObject({ read_only: true, cap_drop: ['ALL'], security_opt: ['no-new-privileges:true'] })
    expect(service.privileged ?? false).toBe(false)
    expect(service.cap_add ?? []).toEqual([])
    expect(service.logging).toEqual({ driver: 'local', options: { 'max-size': '20m', 'max-file': '5' } })
    // The last instruction of our image, and Grafana's own, is a user without rights.
    const isOwnUser = service.build !== undefined || service.image.startsWith('grafana/')
    if (!isOwnUser) expect(service.user).toMatch(/^[1-9]\d*:[1-9]\d*$/)
    for (const mount of service.volumes ?? []) if (mount.startsWith('.')) expect(mount).toMatch(/:ro$/)
  })

  it.each(ours)('lets %s write to its data alone, and bounds what it may take', (_name, service) => {
    expect(service).toMatchObject({ mem_limit: '4g', pids_limit: 500 })
    const writable = [...(service.volumes ?? []), ...(service.tmpfs ?? [])].map((mount) => mount.split(':').at(-1))
    expect(writable.filter((path) => path !== '/data' && path !== '/tmp' && !path?.startsWith('uid='))).toEqual([])
  })

  it.each(services)('opens ports of %s on this machine alone', (_name, { ports = [] }) => {
    for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:\d+:\d+$/)
  })

  it.each(services.filter(([, service]) => !isOnce(service)))('knows whether %s is well', (name, { healthcheck }) => {
    // A simulated city serves nobody; when it ends, it is started again.
    if (name === 'simulator') return
    expect(healthcheck?.test[0]).toBe('CMD')
  })

  it.each(services)('starts %s after what it needs', (_name, { depends_on = {}, profiles = [] }) => {
    for (const [needed, { condition }] of Object.entries(depends_on)) {
      const other = compose.services[needed]
      if (other === undefined) throw new Error(`there is no service ${needed}`)
      expect(condition).toBe(isOnce(other) ? 'service_completed_successfully' : 'service_healthy')
      // A service of no profile must not wait for one that is not started.
      for (const profile of other.profiles ?? []) expect(profiles).toContain(profile)
    }
  })

  it('gives the edge longer to end than it takes', () => {
    for (const [, { stop_grace_period: grace }] of ours) expect(Number.parseInt(grace ?? '', 10)).toBeGreaterThan(30)
  })

  it('mounts what there is', () => {
    const mounts = services.flatMap(([, { volumes = [] }]) => volumes.map((mount) => mount.split(':')[0] ?? ''))
    const named = mounts.filter((source) => !source.startsWith('.'))
    expect([...new Set(named)].sort()).toEqual(Object.keys(compose.volumes).sort())
    for (const source of mounts.filter((mount) => mount.startsWith('.'))) {
      expect(existsSync(join(root, source)), source).toBe(true)
    }
  })
})

describe('an outside broker', () => {
  const whole = composeWith(outsideBroker).services

  it('is what the edge and the API are told of, each by its own name there', () => {
    expect(outsideBroker.COMPOSE_PROFILES).toBe('outside-broker')
    const { edge: first, 'worker-2': second, api: desk } = whole
    expect(first?.environment).toMatchObject({ MQTT_URL: 'mqtt://mosquitto:1883', WARMCITY_WORKERS: '2' })
    expect({ WARMCITY_ALLOW_PLAINTEXT: 'true', ...second?.environment }).toEqual({
      ...first?.environment,
      WARMCITY_WORKER: '2',
    })
    expect(desk?.environment).toMatchObject({ WARMCITY_MQTT_URL: 'mqtt://mosquitto:1883' })
    // Two workers in one folder would write one journal.
    expect(first?.volumes).not.toEqual(second?.volumes)
    expect(compose.services.edge?.environment).toMatchObject({ MQTT_URL: '', WARMCITY_WORKERS: '1' })
  })

  it('knows the users that the services come as', () => {
    const users = [...text('deploy/mosquitto/acl').matchAll(/^user (.+)$/gm)].map(([, user]) => user)
    expect(users).toEqual([compose.services.edge?.environment?.MQTT_USER, apiClientId])
  })
})

describe('secrets', () => {
  it.each(commands.map((command) => [command.name, command] as const))(
    'of %s can all come from a file',
    (_, command) => {
      const names = new Set(Object.values(command.options).map(({ env }) => env))
      const secret = Object.values(command.options).filter((option) => option.secret || /_SECRET$/.test(option.env))
      for (const { env } of secret) expect(names).toContain(`${env}_FILE`)
    },
  )
})

describe('the image', () => {
  it('has the Node that the package pins', () => {
    const pinned = JSON.parse(text('package.json')).devDependencies.node
    expect(stages[0]?.from).toBe(`node:${pinned}-bookworm-slim`)
    for (const { from } of stages.slice(1)) expect(stages.map(({ name }) => name)).toContain(from)
  })

  it('is made of what the build is given', () => {
    const lines = text('.dockerignore').split('\n')
    const given = new Set(lines.filter((line) => line.startsWith('!')).map((line) => line.slice(1)))
    const copies = stages.flatMap((stage) => stage.instructions.filter(({ name }) => name === 'COPY').map(copyOf))
    const wanted = new Set(copies.filter(({ stage }) => stage === undefined).flatMap(({ sources }) => sources))
    expect([...given].sort()).toEqual([...wanted].sort())
    for (const source of wanted) expect(existsSync(join(root, source)), source).toBe(true)
    expect(lines[1]).toBe('*')
  })

  it('runs the launcher as nobody special', () => {
    expect(instructions('USER').at(-1)?.text).toBe('node')
    expect(instructions('ENTRYPOINT').map(listOf)).toEqual([['node', '/opt/warmcity/launcher.mjs']])
    const [command = '', ...argv] = instructions('CMD').map(listOf)[0] ?? []
    expect(command).toBe('start')
    expect(parseOptions(start.options, argv, imageEnvironment)).toMatchObject({ ok: true })
  })

  it('names the ports that the services listen on', () => {
    const ports = Object.values(start.options).flatMap(({ env, default: port }) =>
      env.endsWith('_PORT') ? [port] : [],
    )
    const exposed = instructions('EXPOSE').flatMap((instruction) => instruction.text.split(' ').map(Number))
    expect(exposed.toSorted()).toEqual(ports.toSorted())
  })
})
