import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Dashboard, Panel } from '@grafana/grafana-foundation-sdk/dashboard'
import { describe, expect, test } from 'vitest'
import { generateDefaults, generateFiles } from '../../dashboards/generate.ts'
import { boardNames } from '../../dashboards/parts/links.ts'
import { boardFiles, columnsOf, generatedFiles, targetsOf } from '../support/generated-dashboards.ts'

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
    const asking = (query: string, alias = '$col') => {
      const [target] = targetsOf(whole)
      return { ...whole, targets: [{ ...target, query, alias }] } as unknown as Panel
    }
    expect(panelProblems(asking('SELECT sum("one") AS "totl" FROM "roll_up"'))).toEqual([
      'column total',
      'name of totl',
    ])
    expect(panelProblems(asking('SELECT sum("one") AS "total" FROM "roll_up" GROUP BY "id"', '$tag_id'))).toEqual([
      'name of $tag_id',
    ])
  })

  test('of the city renews itself every five seconds', () => {
    for (const language of ['zh', 'en']) expect(boardNamed(`warmcity-city-${language}`).refresh).toBe('5s')
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
      for (const used of variablesIn(JSON.stringify([board.panels, board.links]))) expect(before, path).toContain(used)
    }
  })

  test('annotations read columns that their query gives', () => {
    for (const { path, board } of boardFiles) {
      expect(board.annotations.list).toHaveLength(3)
      for (const { name, target } of board.annotations.list ?? []) {
        const { query, textColumn, tagsColumn, timeEndColumn } = target as unknown as Record<string, string>
        for (const column of [textColumn, tagsColumn, timeEndColumn])
          expect(query, `${path}: ${name}`).toContain(` AS "${column}"`)
      }
    }
  })
})

function boardNamed(uid: string): Dashboard {
  const board = boardFiles.find((file) => file.board.uid === uid)?.board
  if (board === undefined) throw new Error(`There is no dashboard ${uid}`)
  return board
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
  return [
    ...Object.entries(missing).flatMap(([name, value]) => (value === undefined ? [name] : [])),
    ...overridden(panel)
      .filter((name) => !columnsOf(panel).includes(name))
      .map((name) => `column ${name}`),
    ...nameless(panel),
  ]
}

/** Columns that a panel says more about: what is said of one that no query gives would be lost without a word. */
const overridden = ({ fieldConfig }: Panel): string[] =>
  (fieldConfig?.overrides ?? []).flatMap(({ matcher }) => (matcher.id === 'byName' ? [String(matcher.options)] : []))

/** Series that people would see under the name of a column, or under an id. */
const nameless = (panel: Panel): string[] =>
  targetsOf(panel).flatMap(({ alias = '' }) =>
    alias === '$col'
      ? columnsOf(panel)
          .filter((name) => !overridden(panel).includes(name))
          .map((name) => `name of ${name}`)
      : [...alias.matchAll(/\$tag_(?:id|firm)\b/g)].map(([tag]) => `name of ${tag}`),
  )

/** Those of the dashboard; Grafana's own begin with two underscores. */
const variablesIn = (text: string) => [...text.matchAll(/\$\{(?!__)(\w+)/g)].map(([, name]) => name ?? '')
