import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { permissions, rolePermissions, roles } from '#domain/account.ts'
import { isMetricName, type Metric, metrics } from '#domain/metric.ts'
import { payloadFormats } from '#domain/payload-mapping.ts'
import { registryTableNames } from '#domain/registry.ts'
import { isPlantMetric, measurements } from '#domain/telemetry-names.ts'
import { openLedger } from '#store/ledger/database.ts'
import { importGateways } from '#store/ledger/gateways-import.ts'
import { importRegistry } from '#store/ledger/registry-import.ts'
import { tableShapes } from '#store/ledger/registry-shape.ts'
import { defaultBrokerLimits } from '../../broker/limits.ts'
import { accounts } from '../../commands/accounts.ts'
import { api } from '../../commands/api.ts'
import { audit } from '../../commands/audit.ts'
import { city } from '../../commands/city.ts'
import type { Command } from '../../commands/command.ts'
import { edge } from '../../commands/edge.ts'
import { gateways } from '../../commands/gateways.ts'
import { influx } from '../../commands/influx.ts'
import { prepare } from '../../commands/prepare.ts'
import { quarantine } from '../../commands/quarantine.ts'
import { registry } from '../../commands/registry.ts'
import { simulate } from '../../commands/simulate.ts'
import { start } from '../../commands/start.ts'
import { verifyListCommand } from '../../commands/verify-list.ts'
import { verifyRecordCommand } from '../../commands/verify-record.ts'
import type { Intake } from '../../ingest/codecs/codec.ts'
import { native } from '../../ingest/codecs/native.ts'
import { senml } from '../../ingest/codecs/senml.ts'

/*
 * What the guides say in tables and examples is compared with the code, so that neither changes alone. After a change of the code,
 * WARMCITY_WRITE_DOCS=1 writes the tables that the code knows whole into the pages.
 */
const root = join(import.meta.dirname, '../..')
const text = (path: string) => readFileSync(join(root, path), 'utf8')
const guide = {
  mqtt: text('docs/mqtt.md'),
  operations: text('docs/operations.md'),
  influx: text('docs/influx.md'),
  foreign: text('docs/foreign-formats.md'),
}
const count = (value: number) => value.toLocaleString('en')

/** The cells of the table under a marker, without its head. */
function tableUnder(document: string, marker: string): string[][] {
  const from = document.indexOf(`<!-- ${marker} -->`)
  expect(from, `the marker "${marker}"`).toBeGreaterThan(-1)
  const [head = [], rule, ...rows] = document.slice(from).split('\n\n')[1]?.split('\n').map(cellsOf) ?? []
  expect(
    rule?.every((cell) => cell === '---'),
    `a table under "${marker}"`,
  ).toBe(true)
  expect(rows.every((row) => row.length === head.length)).toBe(true)
  return rows
}

const cellsOf = (line: string) =>
  line
    .split(/(?<!\\)\|/)
    .slice(1, -1)
    .map((cell) => cell.trim().replaceAll('\\|', '|'))

/** Compares a table that the code knows whole; with WARMCITY_WRITE_DOCS=1 it is written into the page first. */
function expectTable(page: keyof typeof guide, marker: string, rows: readonly (readonly string[])[]): void {
  if (process.env.WARMCITY_WRITE_DOCS === '1') {
    const [before = '', rest = ''] = guide[page].split(`<!-- ${marker} -->\n\n`)
    const [head = '', rule = ''] = rest.split('\n')
    const lines = rows.map((row) => `| ${row.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`)
    const after = rest.slice(rest.indexOf('\n\n'))
    guide[page] = `${before}<!-- ${marker} -->\n\n${[head, rule, ...lines].join('\n')}${after}`
    writeFileSync(join(root, `docs/${page}.md`), guide[page])
  }
  expect(tableUnder(guide[page], marker)).toEqual(rows)
}

/** The blocks of a language, in order. */
const blocks = (document: string, language: string) =>
  [...document.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, 'gms'))].map(([, body]) => body ?? '')

const code = (name: string) => `\`${name}\``

describe('the MQTT reference', () => {
  it('has every metric with its unit and range', () => {
    const expected = Object.entries(metrics as Record<string, Metric>).map(([name, metric]) => [
      code(name),
      metric.unit,
      `${count(metric.plausible[0])} to ${count(metric.plausible[1])}`,
      [
        metric.usual && `suspect outside ${count(metric.usual[0])} to ${count(metric.usual[1])}`,
        metric.sensorErrorValues && `${metric.sensorErrorValues.join(' and ')} are sensor errors`,
        metric.binary && '0 or 1',
      ]
        .filter(Boolean)
        .join('; '),
    ])
    expectTable('mqtt', 'table: metrics', expected)
  })

  it('has every limit of the broker with its number', () => {
    const told = tableUnder(guide.mqtt, 'table: limits').map(([name, value]) => [name, value])
    expect(told).toEqual(Object.entries(defaultBrokerLimits).map(([name, value]) => [code(name), count(value)]))
  })

  it('has every code of a bad delivery', () => {
    expect(codesUnder('codes of deliveries')).toEqual(unionIn('ingest/codecs/codec.ts', 'type ProblemCode ='))
  })

  it('has every code of a refusal that a gateway is told', () => {
    const told = [...text('broker/refusal-texts.ts').matchAll(/^ {2}(\w+): '/gm)].map(([, name]) => name)
    const verdicts = unionIn('broker/access.ts', 'readonly reason:')
    expect(codesUnder('codes of refusals').toSorted()).toEqual([...new Set([...told, ...verdicts])].toSorted())
  })

  it('shows payloads that are taken whole', () => {
    const [readings = '', pack = ''] = blocks(guide.mqtt, 'json')
    const taken: string[] = []
    const intake: Intake = {
      receivedAt: Date.parse('2026-01-15T08:00:01+08:00'),
      device: () => 1,
      take: (_device, metric, at, value) => void taken.push(`${metric} ${value} ${new Date(at).toISOString()}`),
    }
    expect(native.decode(Buffer.from(readings), intake)).toEqual([])
    expect(senml.decode(Buffer.from(pack), intake)).toEqual([])
    expect(taken).toContain('indoor_temperature_c 19.8 2026-01-15T00:00:00.000Z')
    expect(taken).toContain('secondary_supply_pressure_mpa 0.42 2026-01-15T00:00:00.000Z')
    expect(taken).toContain('pump_running 1 2026-01-15T00:00:00.000Z')
  })

  const codesUnder = (marker: string) => tableUnder(guide.mqtt, marker).map(([name]) => name?.replaceAll('`', ''))

  /** The members of a union of text literals, one a line. */
  function unionIn(path: string, beginning: string): string[] {
    const [, rest = ''] = text(path).split(beginning)
    const members: string[] = []
    for (const line of rest.trimStart().split('\n')) {
      const member = /^\s*\| '(\w+)'$/.exec(line)?.[1]
      if (member === undefined) break
      members.push(member)
    }
    return members
  }
})

describe('the InfluxDB guide', () => {
  const named = Object.values(measurements)

  it('has every measurement with its database', () => {
    const databases = { readings: 'as named', rollUps: '`_roll_ups`' }
    expectTable(
      'influx',
      'table: measurements',
      named.map(({ name, database, description }) => [code(name), databases[database], description]),
    )
  })

  it('has every tag', () => {
    const rows = named.flatMap(({ name, tags }) =>
      Object.entries(tags).map(([tag, holds]) => [code(name), code(tag), holds]),
    )
    expectTable('influx', 'table: tags', rows)
  })

  it('has every field with its type and unit, those of plants in one row', () => {
    const rows = named.flatMap(({ name, fields }) => {
      const own = Object.entries(fields).filter(([field]) => !(isMetricName(field) && isPlantMetric(field)))
      return own.map(([field, { type, unit, description }]) => [code(name), code(field), type, unit, description])
    })
    const ofPlants = Object.keys(measurements.rollUp.fields).filter(
      (field) => isMetricName(field) && isPlantMetric(field),
    )
    const meaning =
      'newest good value of a plant in the period, by the name of its metric; units are in the MQTT reference'
    rows.push([code(measurements.rollUp.name), ofPlants.map(code).join(', '), 'float', '', meaning])
    expectTable('influx', 'table: fields', rows)
  })
})

describe('the guide to foreign formats', () => {
  it('has every format', () => {
    const told = tableUnder(guide.foreign, 'table: formats').map(([format]) => format)
    expect(told).toEqual(payloadFormats.map(code))
  })
})

describe('the operations guide', () => {
  afterEach(() => vi.restoreAllMocks())

  it('has every option of start as --help shows it', async () => {
    expectTable('operations', 'table: start', await optionRows(start))
  })

  const parts = [
    edge,
    api,
    prepare,
    simulate,
    city,
    registry,
    gateways,
    quarantine,
    accounts,
    audit,
    influx,
    verifyListCommand,
    verifyRecordCommand,
  ]

  it('has the options that only a part of the service or another command takes', async () => {
    const known = new Set((await optionRows(start)).map(([, environment]) => environment))
    const expected: string[][] = []
    for (const part of parts) {
      const own = (await optionRows(part)).filter(([, environment]) => !known.has(environment))
      expected.push(...own.map((row) => [code(part.name), ...row]))
    }
    expectTable('operations', 'table: parts', expected)
  })

  it('has every role with what it may', () => {
    const rows = roles.map((role) => {
      const may = rolePermissions[role]
      return [code(role), may.length === permissions.length ? 'all' : may.map(code).join(', ')]
    })
    expectTable('operations', 'table: roles', rows)
  })

  it('has every table of the registry with its columns and key', () => {
    const expected = registryTableNames.map((name) => {
      const { columns, required, key } = tableShapes[name]
      const shown = columns.map((column) => (required.has(column) ? `**${column}**` : column))
      return [code(`${name}.csv`), shown.join(', '), key.join(', ')]
    })
    expectTable('operations', 'table: registry', expected)
  })

  it('has a small city whose registry and gateways can be imported', async () => {
    const ledger = await openLedger(':memory:')
    try {
      const options = { actor: 'test', now: () => Date.parse('2026-01-15T19:00:00+08:00') }
      const imported = await importRegistry(ledger, { path: join(root, 'docs/examples/small-city') }, options)
      expect(imported).toMatchObject({ ok: true, changed: true, counts: { dwelling: { added: 2 } } })
      const broker = { host: 'heat.example.cn', port: 8883, tls: true }
      const sheets = await importGateways(ledger, join(root, 'docs/examples/gateways.csv'), { ...options, broker })
      expect(sheets.ok && sheets.sheets.map(({ gateway }) => gateway)).toEqual(['GW-0001', 'GW-0002', 'GW-0003'])
    } finally {
      await ledger.close()
    }
  })

  /** Flag, environment, default and meaning of a command's options. */
  async function optionRows(command: Command): Promise<string[][]> {
    const printed = vi.spyOn(console, 'log').mockImplementation(() => {})
    await command.run(['--help'], {})
    const help = String(printed.mock.calls[0]?.[0])
    printed.mockRestore()
    const options = help.matchAll(/^ {2}(--\S+(?: \S+)?|\(no flag\)) {2,}(.*?)(?: \[([^\]]*)\])?\n\s+env (\S+)$/gm)
    return [...options].map(([, flag = '', meaning = '', standard, environment = '']) => [
      flag.startsWith('--') ? code(flag) : '',
      code(environment),
      standard === undefined ? '' : code(standard),
      meaning,
    ])
  }
})
