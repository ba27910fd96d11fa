import type { Panel } from '@grafana/grafana-foundation-sdk/dashboard'
import { Ajv, type ValidateFunction } from 'ajv'
import { beforeAll, describe, expect, test } from 'vitest'
import { alertRules, boardFiles, columnsOf, provisioned } from '../support/generated-dashboards.ts'
import { type GrafanaSchemas, grafanaSchemas } from '../support/grafana-schemas.ts'

/** A dashboard's targets are whatever a data source takes; those of InfluxDB in text, and of Grafana Live, are these. */
const dataSourceRef = {
  type: 'object',
  properties: { type: { type: 'string' }, uid: { type: 'string' } },
  required: ['type', 'uid'],
  additionalProperties: false,
}
const influxqlTarget = {
  type: 'object',
  properties: {
    refId: { type: 'string', pattern: '^[A-Z]$' },
    datasource: dataSourceRef,
    query: { type: 'string', minLength: 1 },
    rawQuery: { const: true },
    resultFormat: { enum: ['time_series', 'table'] },
    alias: { type: 'string' },
  },
  required: ['refId', 'datasource', 'query', 'rawQuery', 'resultFormat'],
  additionalProperties: false,
}
const liveTarget = {
  type: 'object',
  properties: {
    refId: { type: 'string' },
    datasource: dataSourceRef,
    queryType: { const: 'measurements' },
    channel: { type: 'string' },
    buffer: { type: 'number' },
    filter: { type: 'object', properties: { fields: { type: 'array', items: { type: 'string' } } } },
  },
  required: ['refId', 'channel', 'queryType'],
  additionalProperties: false,
}
const annotationTarget = {
  type: 'object',
  properties: {
    refId: { const: 'Anno' },
    query: { type: 'string', minLength: 1 },
    queryType: { const: 'tags' },
    fromAnnotations: { const: true },
    textColumn: { type: 'string' },
    tagsColumn: { type: 'string' },
    timeEndColumn: { type: 'string' },
    titleColumn: { type: 'string' },
    name: { type: 'string' },
  },
  required: ['refId', 'query', 'textColumn'],
  additionalProperties: false,
}

/** Steps of alert rules are looked at by themselves. */
const expression = {
  type: 'object',
  properties: { datasource: { type: 'object', properties: { type: { const: '__expr__' } } } },
  required: ['datasource', 'type', 'expression'],
}

const ajv = new Ajv({ allErrors: true, allowUnionTypes: true })

/** What a data source takes is not described: the SDK leaves an object of nothing where a query stands. */
const anyQuery = JSON.stringify({ type: 'object', additionalProperties: false })

beforeAll(() => {
  const target = JSON.stringify({ anyOf: [influxqlTarget, liveTarget, annotationTarget, expression] })
  const text = JSON.stringify(grafanaSchemas())
  expect(text).toContain(anyQuery)
  ajv.addSchema(JSON.parse(text.replaceAll(anyQuery, target)), 'grafana')
}, 60_000)

const validatorOf = (name: keyof GrafanaSchemas): ValidateFunction | undefined =>
  ajv.getSchema(`grafana#/properties/${name}`)

/** What is wrong with a value, by Grafana's schema of that name. */
function problems(name: keyof GrafanaSchemas, value: unknown): string[] {
  const validate = validatorOf(name)
  if (validate === undefined) return [`there is no schema ${name}`]
  if (validate(value)) return []
  return (validate.errors ?? []).map(
    ({ instancePath, message, params }) => `${instancePath} ${message} ${JSON.stringify(params)}`,
  )
}

interface PanelSchemas {
  readonly options: keyof GrafanaSchemas
  /** Absent where fields have nothing of their own. */
  readonly fields?: keyof GrafanaSchemas
}

const panelSchemas: Readonly<Record<string, PanelSchemas>> = {
  stat: { options: 'statOptions' },
  table: { options: 'tableOptions', fields: 'tableFields' },
  timeseries: { options: 'timeseriesOptions', fields: 'timeseriesFields' },
  barchart: { options: 'barchartOptions', fields: 'barchartFields' },
  'state-timeline': { options: 'statetimelineOptions', fields: 'statetimelineFields' },
}

/** What an override says is a part of the settings of its field. */
function overrideProblems({ type, fieldConfig }: Panel, id: string, value: unknown): string[] {
  const custom = /^custom\.(\w+)$/.exec(id)?.[1]
  if (custom === undefined) return problems('anyField', { [id]: value })
  const fields = panelSchemas[type]?.fields
  return fields === undefined
    ? [`fields of ${type} have nothing of their own`]
    : problems(fields, { ...fieldConfig?.defaults.custom, [custom]: value })
}

describe("Grafana's published schema", () => {
  test.each(boardFiles)('takes $path', ({ board }) => {
    expect(problems('dashboard', board)).toEqual([])
  })

  test.each(boardFiles)('takes the options and fields of each panel of $path', ({ panels }) => {
    for (const { title, type, options, fieldConfig } of panels) {
      const schemas = panelSchemas[type]
      expect(schemas, type).toBeDefined()
      if (schemas === undefined) continue
      expect(problems(schemas.options, options), `${title}: options`).toEqual([])
      if (schemas.fields) {
        expect(problems(schemas.fields, fieldConfig?.defaults.custom ?? {}), `${title}: fields`).toEqual([])
      }
    }
  })

  test.each(boardFiles)('takes what $path says of single columns', ({ panels }) => {
    for (const panel of panels) {
      for (const { id, value } of panel.fieldConfig?.overrides.flatMap(({ properties }) => properties) ?? []) {
        expect(overrideProblems(panel, id, value), `${panel.title}: ${id}`).toEqual([])
      }
    }
  })

  test.each([
    ['table', 'custom.cellOptions', { type: 'colour-text' }],
    ['table', 'custom.hiden', true],
    ['stat', 'custom.hidden', true],
    ['timeseries', 'custom.axisPlacement', 'east'],
    ['timeseries', 'displayNam', 'x'],
    ['timeseries', 'decimals', '1'],
  ])('of a %s, %s as %j is not taken', (type, id, value) => {
    const panel = boardFiles.flatMap(({ panels }) => panels).find((one) => one.type === type)
    expect(panel && overrideProblems(panel, id, value)).not.toEqual([])
  })

  test('leaves open what a transformation is told: each is told what it takes', () => {
    const transformed = boardFiles.flatMap(({ panels }) => panels.filter(({ transformations }) => transformations))
    const renamed = transformed.filter(({ transformations }) => transformations?.[0]?.id === 'renameByRegex')
    expect(renamed).toHaveLength(2)
    for (const { transformations } of renamed) {
      const [{ regex, renamePattern }] = transformations?.map(({ options }) => options) ?? []
      const pattern = new RegExp(regex.slice(1, -1))
      expect('warmcity_quarantine{reason="not_json"}'.replace(pattern, renamePattern)).toBe('not_json')
    }
    const joined = transformed.filter((panel) => !renamed.includes(panel))
    expect(joined.length).toBeGreaterThan(10)
    for (const panel of joined) {
      const [join, prepare, ...more] = panel.transformations ?? []
      expect(join).toEqual({ id: 'joinByField', options: { byField: expect.any(String), mode: 'inner' } })
      expect(prepare).toEqual({ id: 'prepareTimeSeries', options: { format: 'multi' } })
      expect(more).toEqual([])
      const [values, names] = (panel.targets ?? []).map((target) => columnsOf({ ...panel, targets: [target] }))
      expect(values, panel.title).toContain(join?.options.byField)
      expect(names, panel.title).toContain(join?.options.byField)
    }
  })

  test.each(alertRules)('takes the alert rule $uid', (rule) => {
    // In a file a rule stands within its group, which says folder and organisation.
    expect(problems('rule', { ...rule, folderUID: 'f', orgID: 1, ruleGroup: 'warmcity' })).toEqual([])
    const [, reduce, threshold] = rule.data
    expect(problems('reduce', reduce?.model)).toEqual([])
    expect(problems('threshold', threshold?.model)).toEqual([])
  })

  test('has no place for a misspelt property, a wrong type or an unknown choice', () => {
    const [file] = boardFiles
    const broken = (change: (board: Record<string, never>) => void) => {
      const board = structuredClone(file?.board) as unknown as Record<string, never>
      change(board)
      return problems('dashboard', board)
    }
    expect(broken((board) => Object.assign(board, { refesh: '5s' }))).not.toEqual([])
    expect(broken((board) => Object.assign(board, { refresh: 5 }))).not.toEqual([])
    expect(broken((board) => Object.assign(board, { graphTooltip: 7 }))).not.toEqual([])
    expect(broken((board) => Object.assign(board, { schemaVersion: undefined }))).not.toEqual([])
    expect(problems('statOptions', { graphMode: 'loud' })).not.toEqual([])
  })
})

describe('files of provisioning', () => {
  test('of contact points have a type that Grafana knows', () => {
    const [point] = provisioned('alerting/contact-points.yaml').contactPoints as { receivers: object[] }[]
    for (const receiver of point?.receivers ?? []) expect(problems('contactPoint', receiver)).toEqual([])
    expect(problems('contactPoint', { type: 'pigeon', settings: {} })).not.toEqual([])
  })
})
