import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { DashboardLink } from '@grafana/grafana-foundation-sdk/dashboard'
import { describe, expect, test } from 'vitest'
import { boardFiles, columnsOf, generatedFiles } from '../support/generated-dashboards.ts'

const root = join(import.meta.dirname, '../..')

/** The console's own routes: the pattern of an address, and the text that says what filters it takes. */
const consoleRoutes = globSync('console/{pages,shell}/**/route*.{ts,tsx}', { cwd: root }).flatMap((path) => {
  const text = readFileSync(join(root, path), 'utf8')
  return [...text.matchAll(/path: '([^']+)'/g)].map(([, route = '']) => ({
    pattern: new RegExp(`^${route.replaceAll(/\$\w+/g, '[^/]+')}$`),
    text,
  }))
})

describe('links', () => {
  const links = boardFiles.flatMap(({ path, board }) => [
    ...(board.links ?? []).map((link) => ({ path, link })),
    ...linksWithin(board.panels).map((link) => ({ path, link })),
  ])

  test('go to dashboards that are there, with variables that they have, or to pages of the console', () => {
    expect(links.length).toBeGreaterThan(60)
    expect(consoleRoutes.length).toBeGreaterThan(10)
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
    const below: Readonly<Record<string, readonly string[]>> = {
      city: ['firm', 'source', 'substation', 'building', 'ranking', 'service'],
      firm: ['substation'],
      source: ['substation'],
      substation: ['building'],
    }
    for (const { board, path } of boardFiles) {
      const [, name = '', language] = /^warmcity-(\w+)-(\w+)$/.exec(board.uid ?? '') ?? []
      const up = { city: [], dwelling: ['building'] }[name] ?? ['city']
      const urls = (board.links ?? []).map(({ url }) => url ?? '')
      for (const other of [...up, ...(below[name] ?? [])]) {
        expect(
          urls.some((url) => url.startsWith(`/d/warmcity-${other}-${language}?`)),
          `${path} to ${other}`,
        ).toBe(true)
      }
      expect(
        urls.filter((url) => url.startsWith('$' + '{console}')),
        path,
      ).toHaveLength(1)
    }
  })

  test('take what they hand on from a column that their panel has', () => {
    const handed = boardFiles.flatMap(({ path, panels }) =>
      panels.flatMap((panel) =>
        linksWithin(panel).flatMap(({ url = '' }) =>
          [...url.matchAll(/\$\{__data\.fields\.(\w+)\}/g)].map(([, name]) => ({
            at: `${path}: ${panel.title}`,
            name,
            panel,
          })),
        ),
      ),
    )
    expect(handed.length).toBeGreaterThan(40)
    for (const { at, name, panel } of handed) expect(columnsOf(panel), at).toContain(name)
  })

  test.each([
    '/d/warmcity-nowhere-zh?x=1',
    '/d/warmcity-city-zh?var-planet=1',
    '$' + '{console}/nowhere',
    '$' + '{console}/registry/firm',
    '$' + '{console}/flags?planet=1',
    'http://elsewhere.example',
  ])('%s is found to lead nowhere', (url) => {
    expect(linkProblems(url)).toHaveLength(1)
  })
})

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
  const [, page, query = ''] = /^\$\{console\}(\/[^?]*)(?:\?(.*))?$/.exec(url) ?? []
  const route = page === undefined ? undefined : consoleRoutes.find(({ pattern }) => pattern.test(page))
  if (!route) return [`${url}: leads nowhere`]
  const filters = [...query.matchAll(/(?:^|&)(\w+)=/g)].map(([, name]) => name ?? '')
  return filters
    .filter((name) => !new RegExp(`\\b${name}: z\\.`).test(route.text))
    .map((name) => `${url}: no filter ${name} there`)
}
