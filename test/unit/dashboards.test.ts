import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Dashboard, DashboardLink, Panel } from '@grafana/grafana-foundation-sdk/dashboard'
import { describe, expect, test } from 'vitest'
import { liveChannels, liveStream } from '#domain/live-channel.ts'
import { cityPolicies } from '#domain/policy.ts'
import { measurements } from '#domain/telemetry-names.ts'
import { generateDefaults, generateFiles } from '../../dashboards/generate.ts'
import { colours, tierColours } from '../../dashboards/parts/colours.ts'
import { boardNames, consolePages } from '../../dashboards/parts/links.ts'
import { newestRules, thresholdsOf } from '../../dashboards/parts/thresholds.ts'
import {
  alertRules,
  allQueries,
  boardFiles,
  generatedFiles,
  provisioned,
  targetsOf,
} from '../support/generated-dashboards.ts'

const folder = join(import.meta.dirname, '../../dashboards')

describe('what is committed', () => {
  test('is what the code makes: npm run dashboards', () => {
    const committed = globSync('{generated,provisioning}/**/*.{json,yaml}', { cwd: folder })
    expect(committed.sort()).toEqual([...generatedFiles.keys()].sort())
    for (const [path, text] of generatedFiles) expect(readFileSync(join(folder, path), 'utf8'), path).toBe(text)
  })

  test('is the same each time', () => {
    expect([...generateFiles(generateDefaults)]).toEqual([...generatedFiles])
  })

  test('leads to the console that is named', () => {
    const files = generateFiles({ ...generateDefaults, consoleUrl: 'https://warm.example' })
    const text = files.get('generated/zh/city.json') ?? ''
    expect(text).toContain('https://warm.example')
    expect(text).not.toContain('localhost')
  })

  test('refuses a city that nobody knows', () => {
    expect(() => generateFiles({ ...generateDefaults, city: 'atlantis' })).toThrow('atlantis')
  })
})

describe('every dashboard', () => {
  test('is there in Chinese and in English, alike but for the words', () => {
    expect(boardFiles.map(({ board }) => board.uid).sort()).toEqual(
      boardNames.flatMap((name) => [`warmcity-${name}-en`, `warmcity-${name}-zh`]).sort(),
    )
    for (const name of boardNames) {
      const [zh, en] = (['zh', 'en'] as const).map((language) => boardNamed(`warmcity-${name}-${language}`))
      expect(shapeOf(zh), name).toEqual(shapeOf(en))
      expect(zh.title).not.toBe(en.title)
    }
  })

  test('says in Chinese what it says in Chinese', () => {
    for (const { board, panels } of boardFiles.filter(({ board }) => board.uid?.endsWith('-zh'))) {
      for (const { title, description } of panels) {
        expect(`${title}${description}`, board.uid).toMatch(/\p{Script=Han}/u)
      }
    }
    for (const { board, panels } of boardFiles.filter(({ board }) => board.uid?.endsWith('-en'))) {
      for (const { title, description } of panels) {
        expect(`${title}${description}`, board.uid).not.toMatch(/\p{Script=Han}/u)
      }
    }
  })

  test.each(boardFiles)('$path has panels with all that a panel needs', ({ board, panels }) => {
    expect(panels.length).toBeGreaterThan(3)
    for (const panel of panels) {
      const { defaults } = panel.fieldConfig ?? {}
      expect(panelProblems(panel), `${board.uid}: ${panel.title}`).toEqual([])
      expect(defaults?.thresholds?.steps[0]?.value).toBeNull()
      expect((panel.gridPos?.x ?? 0) + (panel.gridPos?.w ?? 99)).toBeLessThanOrEqual(24)
    }
    const ids = (board.panels ?? []).map(({ id }) => id)
    expect(new Set(ids).size).toBe(ids.length)
  })

  test('a panel that lacks something is found', () => {
    const [whole] = boardFiles[0]?.panels ?? []
    if (whole === undefined) throw new Error('There is no panel')
    const without = (path: string): Panel => {
      const copy = structuredClone(whole) as unknown as Record<string, never>
      const keys = path.split('.')
      const last = keys.pop() ?? ''
      const holder = keys.reduce((object, key) => object[key] as Record<string, never>, copy)
      delete holder[last]
      return copy as unknown as Panel
    }
    expect(panelProblems(without('description'))).toEqual(['description'])
    expect(panelProblems(without('fieldConfig.defaults.unit'))).toEqual(['unit'])
    expect(panelProblems(without('datasource'))).toEqual(['datasource'])
    expect(panelProblems(without('fieldConfig.defaults.noValue'))).toEqual(['empty state'])
  })

  test('panels of one row do not overlap', () => {
    for (const { path, board } of boardFiles) {
      const cells = new Set<string>()
      for (const { gridPos, title } of board.panels ?? []) {
        for (let y = gridPos?.y ?? 0; y < (gridPos?.y ?? 0) + (gridPos?.h ?? 0); y += 1) {
          for (let x = gridPos?.x ?? 0; x < (gridPos?.x ?? 0) + (gridPos?.w ?? 0); x += 1) {
            expect(cells.has(`${x},${y}`), `${path}: ${title} at ${x},${y}`).toBe(false)
            cells.add(`${x},${y}`)
          }
        }
      }
    }
  })

  test('variables narrow only by variables before them', () => {
    for (const { path, board } of boardFiles) {
      const before = new Set<string>()
      for (const { name, query } of board.templating.list ?? []) {
        for (const used of variablesIn(String(query))) expect(before, `${path}: ${name} uses ${used}`).toContain(used)
        before.add(name)
      }
      for (const text of JSON.stringify(board.panels).matchAll(/\$\{(?!__)(\w+)/g))
        expect(before, path).toContain(text[1])
    }
  })
})

describe('links', () => {
  const links = boardFiles.flatMap(({ path, board }) => [
    ...(board.links ?? []).map((link) => ({ path, link })),
    ...linksWithin(board.panels).map((link) => ({ path, link })),
  ])

  test('go to dashboards that are there, with variables that they have, or to pages of the console', () => {
    expect(links.length).toBeGreaterThan(60)
    expect(
      links.flatMap(({ path, link }) => linkProblems(link.url ?? '').map((problem) => `${path}: ${problem}`)),
    ).toEqual([])
  })

  test('and switches of annotations stand in the open, where a dispatcher sees them', () => {
    for (const [path, text] of generatedFiles) expect(text, path).not.toContain('inControlsMenu')
  })

  test('stay within a language', () => {
    for (const { path, link } of links) {
      const target = /^\/d\/warmcity-\w+-(zh|en)/.exec(link.url ?? '')?.[1]
      if (target !== undefined) expect(path).toMatch(new RegExp(`(^|[/-])${target}/`))
    }
  })

  test('hand on only what is one place: all of them would be no id', () => {
    for (const { path, board } of boardFiles) {
      const several = (board.templating.list ?? []).filter(({ multi }) => multi === true).map(({ name }) => name)
      const handed = [...(board.links ?? []), ...linksWithin(board.panels)].flatMap(({ url = '' }) =>
        [...url.matchAll(/\$\{(\w+)\}/g)].map(([, name]) => name),
      )
      expect(
        handed.filter((name) => several.includes(name ?? '')),
        path,
      ).toEqual([])
    }
  })

  test('lead up, down and to the console from every dashboard', () => {
    for (const { board, path } of boardFiles) {
      const urls = (board.links ?? []).map(({ url }) => url ?? '')
      expect(
        urls.some((url) => url.startsWith('$' + '{console}')),
        path,
      ).toBe(true)
      if (!path.endsWith('city.json'))
        expect(
          urls.some((url) => url.startsWith('/d/')),
          path,
        ).toBe(true)
    }
  })

  test('to the console go to pages that it has', () => {
    const routes = globSync('console/{pages,shell}/**/route*.{ts,tsx}', { cwd: join(folder, '..') }).flatMap((path) =>
      [...readFileSync(join(folder, '..', path), 'utf8').matchAll(/path: '([^']+)'/g)].map(([, route]) => route ?? ''),
    )
    expect(routes.length).toBeGreaterThan(10)
    const patterns = routes.map((route) => new RegExp(`^${route.replaceAll(/\$\w+/g, '[^/]+')}$`))
    for (const page of Object.values(consolePages)) {
      const isThere = patterns.some((pattern) => pattern.test(page.replace(':id', 'some-id')))
      expect(isThere, page).toBe(true)
    }
  })

  test.each([
    '/d/warmcity-nowhere-zh?x=1',
    '/d/warmcity-city-zh?var-planet=1',
    '$' + '{console}/nowhere',
    'http://elsewhere.example',
  ])('%s is found to lead nowhere', (url) => {
    expect(linkProblems(url)).toHaveLength(1)
  })
})

describe('queries', () => {
  test('name only measurements, tags and fields that are written', () => {
    expect(allQueries.length).toBeGreaterThan(150)
    expect(allQueries.flatMap(({ at, text }) => nameProblems(text).map((problem) => `${at}: ${problem}`))).toEqual([])
  })

  test.each([
    ['a field', 'SELECT mean("indoor_p51_c") AS "x" FROM "roll_up" WHERE $timeFilter'],
    ['a tag', `SELECT mean("indoor_p50_c") AS "x" FROM "roll_up" WHERE "distrikt" = 'a'`],
    ['a measurement', 'SELECT mean("indoor_p50_c") AS "x" FROM "rollups"'],
    ['a column of another query', 'SELECT last("y") AS "x" FROM (SELECT last("name") AS "z" FROM "roll_up")'],
  ])('%s that nothing writes is found', (_case, text) => {
    expect(nameProblems(text)).toHaveLength(1)
  })

  test('of roll-ups never ask for readings of single homes', () => {
    for (const { at, text, database } of allQueries) {
      const asksReadings = text.includes(`"${measurements.reading.name}"`)
      expect(asksReadings, at).toBe(database === 'readings')
      if (!at.includes('homes-')) expect(database, at).toBe('rollUps')
    }
  })

  test('of alert rules hold nothing that a file of provisioning would replace', () => {
    const text = generatedFiles.get('provisioning/alerting/rules.yaml') ?? ''
    expect(text).not.toContain('$')
  })
})

describe('provisioning', () => {
  test('has the data source that every dashboard asks, and keeps that of homes apart', () => {
    const on = provisioned('datasources/warmcity.yaml').datasources as { uid: string }[]
    const off = provisioned('off/datasources/dwellings.yaml').datasources as { uid: string }[]
    const asked = new Set(boardFiles.flatMap(({ panels }) => panels.map(({ datasource }) => datasource?.uid)))
    // Grafana brings its own.
    expect([...asked].filter((uid) => uid !== 'grafana').sort()).toEqual([...on, ...off].map(({ uid }) => uid).sort())
    for (const { panels } of boardFiles) {
      for (const panel of panels) {
        for (const { datasource } of targetsOf(panel)) expect(datasource?.uid, panel.title).toBe(panel.datasource?.uid)
      }
    }
    expect(off.map(({ uid }) => uid)).toEqual(['warmcity-readings'])
  })

  test('has a folder for every file of dashboards, that of homes only where it is turned on', () => {
    const paths = (path: string) =>
      (provisioned(path).providers as { options: { path: string } }[]).map(({ options }) =>
        options.path.split('/').at(-1),
      )
    expect(paths('dashboards/warmcity.yaml').sort()).toEqual(['en', 'zh'])
    expect(paths('off/dashboards/dwellings.yaml').sort()).toEqual(['homes-en', 'homes-zh'])
    expect(new Set(boardFiles.map(({ path }) => path.split('/')[1]))).toEqual(
      new Set(['zh', 'en', 'homes-zh', 'homes-en']),
    )
  })

  test('sends alerts to the hook, once for a rule, with a token from a file', () => {
    const [point] = provisioned('alerting/contact-points.yaml').contactPoints as {
      name: string
      receivers: { type: string; settings: Record<string, string> }[]
    }[]
    const [policy] = provisioned('alerting/policies.yaml').policies as { receiver: string; group_by: string[] }[]
    expect(policy?.receiver).toBe(point?.name)
    expect(policy?.group_by).toEqual(['grafana_folder', 'alertname'])
    expect(point?.receivers[0]).toMatchObject({ type: 'webhook' })
    expect(point?.receivers[0]?.settings.url).toMatch(/\/hooks\/grafana$/)
    expect(point?.receivers[0]?.settings.authorization_credentials).toMatch(/^\$__file\{.*\}$/)
  })

  test('has rules that lead to their panel', () => {
    expect(alertRules.map(({ uid }) => uid)).toEqual([
      'warmcity-district-silent',
      'warmcity-journal-age',
      'warmcity-quarantine-surge',
      'warmcity-api-down',
      'warmcity-edge-down',
    ])
    for (const { uid, annotations, data, condition } of alertRules) {
      const { panels } = boardFiles.find(({ board }) => board.uid === annotations.__dashboardUid__) ?? { panels: [] }
      expect(
        panels.some(({ id }) => String(id) === annotations.__panelId__),
        uid,
      ).toBe(true)
      expect(data.map(({ refId }) => refId)).toContain(condition)
      expect(annotations.summary).toMatch(/\p{Script=Han}.* · [A-Z]/u)
    }
  })

  test('has a panel that listens to a channel to which the api pushes', () => {
    const channels = boardFiles
      .flatMap(({ panels }) => panels.flatMap(targetsOf))
      .flatMap(({ channel }) => channel ?? [])
    expect(new Set(channels)).toEqual(new Set([liveChannels.city]))
    expect(liveChannels.city).toMatch(new RegExp(`^stream/${liveStream}/[A-Za-z0-9_-]+$`))
  })
})

describe('colours', () => {
  test('are those that people with any colour vision tell apart', () => {
    const allowed = new Set<string>(Object.values(colours))
    for (const [path, text] of generatedFiles) {
      for (const [colour] of text.matchAll(/#[0-9A-Fa-f]{6}\b/g)) expect(allowed, path).toContain(colour)
      // Names of Grafana's own palette, green and red among them.
      expect(text, path).not.toMatch(/"(?:color|fixedColor|iconColor)": "(?!#)/)
    }
  })

  test.each(['protan', 'deutan', 'tritan', 'normal'] as const)('of tiers differ for %s vision', (vision) => {
    const seen = Object.values(tierColours).map((colour) => seenBy(vision, colour))
    for (const [index, one] of seen.entries()) {
      for (const other of seen.slice(index + 1)) expect(difference(one, other)).toBeGreaterThan(20)
    }
  })

  test('follow the limits of the policy', () => {
    const rules = newestRules(cityPolicies.harbin ?? never())
    const { indoorC, belowCurveK } = thresholdsOf(rules)
    expect(indoorC.map(({ from }) => from)).toEqual([null, 5, 12, 16, 20])
    expect(belowCurveK.at(-1)?.from).toBe(rules.plant.supplyUnderCurve.marginK)
    const changchun = thresholdsOf(newestRules(cityPolicies.changchun ?? never()))
    expect(changchun.indoorC.at(-1)?.from).toBe(18)
  })
})

function never(): never {
  throw new Error('The city is not there')
}

function boardNamed(uid: string): Dashboard {
  return boardFiles.find(({ board }) => board.uid === uid)?.board ?? never()
}

/** What does not depend on the language. */
const shapeOf = (board: Dashboard) => (board.panels ?? []).map(({ type, id, gridPos }) => ({ type, id, gridPos }))

function panelProblems(panel: Panel): string[] {
  const { defaults } = panel.fieldConfig ?? {}
  const missing: Record<string, unknown> = {
    title: panel.title,
    description: (panel.description ?? '').length > 5 || undefined,
    unit: defaults?.unit,
    datasource: panel.datasource?.uid,
    'empty state': defaults?.noValue,
    thresholds: defaults?.thresholds?.steps.length,
    query: targetsOf(panel).length || undefined,
  }
  return Object.entries(missing).flatMap(([name, value]) => (value === undefined ? [name] : []))
}

/** Every `links` list somewhere within panels: data links, and those of overrides. */
function linksWithin(value: unknown): DashboardLink[] {
  if (Array.isArray(value)) return value.flatMap(linksWithin)
  if (value === null || typeof value !== 'object') return []
  const { links, id, value: inner, ...rest } = value as Record<string, unknown>
  const own = [...(Array.isArray(links) ? links : []), ...(id === 'links' && Array.isArray(inner) ? inner : [])]
  return [
    ...(own as DashboardLink[]),
    ...linksWithin(Object.values(rest)),
    ...(id === 'links' ? [] : linksWithin(inner)),
  ]
}

function linkProblems(url: string): string[] {
  const dashboard = /^\/d\/([\w-]+)(?:\?(.*))?$/.exec(url)
  if (dashboard) {
    const target = boardFiles.find(({ board }) => board.uid === dashboard[1])
    if (!target) return [`${url}: no such dashboard`]
    const known = (target.board.templating.list ?? []).map(({ name }) => name)
    const set = [...(dashboard[2] ?? '').matchAll(/var-(\w+)=/g)].map(([, name]) => name ?? '')
    return set.filter((name) => !known.includes(name)).map((name) => `${url}: no variable ${name} there`)
  }
  const page = /^\$\{console\}(\/[^?]*)(?:\?.*)?$/.exec(url)?.[1]
  const patterns = Object.values(consolePages).map((path) => new RegExp(`^${path.replace(':id', '[^/]+')}$`))
  return page !== undefined && patterns.some((pattern) => pattern.test(page)) ? [] : [`${url}: leads nowhere`]
}

/** Those of the dashboard; Grafana's own begin with two underscores. */
const variablesIn = (text: string) => [...text.matchAll(/\$\{(?!__)(\w+)/g)].map(([, name]) => name ?? '')

/**
 * Reads a query by its quoted names: those after FROM are measurements, those after AS are made by the query itself, and
 * all others are tags or fields of what stands after FROM, or columns that were made further inside.
 */
function nameProblems(text: string): string[] {
  const byName = new Map<string, { tags: object; fields: object }>(
    Object.values(measurements).map((measurement) => [measurement.name, measurement]),
  )
  const read = [...text.matchAll(/FROM "([^"]+)"/g)].map(([, name]) => name ?? '')
  const unknown = read.filter((name) => !byName.has(name))
  if (unknown.length > 0) return unknown.map((name) => `no measurement ${name}`)
  const written = read.flatMap((name) => [
    ...Object.keys(byName.get(name)?.tags ?? {}),
    ...Object.keys(byName.get(name)?.fields ?? {}),
  ])
  const inner = /FROM \(/.test(text) ? text.slice(text.indexOf('FROM (')) : ''
  const made = [...inner.matchAll(/AS "([^"]+)"/g)].map(([, name]) => name ?? '')
  const named = [...text.replaceAll(/(?:FROM|AS) "[^"]+"/g, '').matchAll(/"([^"]+)"/g)].map(([, name]) => name ?? '')
  return [...new Set(named)]
    .filter((name) => !written.includes(name) && !made.includes(name))
    .map((name) => `no ${name}`)
}

type Vision = 'normal' | 'protan' | 'deutan' | 'tritan'

/** Machado, Oliveira and Fernandes 2009, severity 1.0, on linear RGB. */
const visionMatrices: Readonly<Record<Vision, readonly (readonly [number, number, number])[]>> = {
  normal: [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  protan: [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
  ],
  deutan: [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881],
  ],
  tritan: [
    [1.255528, -0.076749, -0.178779],
    [-0.078411, 0.930809, 0.147602],
    [0.004733, 0.691367, 0.3039],
  ],
}

/** A colour as CIE Lab, the way somebody sees it. */
function seenBy(vision: Vision, hex: string): readonly [number, number, number] {
  const linear = [1, 3, 5].map((at) => {
    const value = Number.parseInt(hex.slice(at, at + 2), 16) / 255
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4
  })
  const [r, g, b] = visionMatrices[vision].map((row) =>
    Math.min(
      1,
      Math.max(
        0,
        row.reduce((total, weight, index) => total + weight * (linear[index] ?? 0), 0),
      ),
    ),
  ) as [number, number, number]
  const xyz = [
    (0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.95047,
    0.2126 * r + 0.7152 * g + 0.0722 * b,
    (0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.08883,
  ].map((value) => (value > 0.008856 ? Math.cbrt(value) : 7.787 * value + 16 / 116))
  const [x, y, z] = xyz as [number, number, number]
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)]
}

const difference = (one: readonly number[], other: readonly number[]): number =>
  Math.hypot(...one.map((value, index) => value - (other[index] ?? 0)))
