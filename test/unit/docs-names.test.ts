import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'

const root = join(import.meta.dirname, '../..')
const text = (path: string) => readFileSync(join(root, path), 'utf8')

describe('every page', () => {
  const besides = ['README.md', 'README.zh-CN.md', 'CONTRIBUTING.md', 'CHANGELOG.md']
  const pages = [...besides, 'console/README.md', 'test/scenarios/README.md', ...markdownIn('docs')]

  it.each(pages)('(%s) links only to what is there', (page) => {
    const links = [...text(page).matchAll(/\]\(([^)#\s]*)(?:#([^)]*))?\)/g)]
    for (const [link, path = '', section] of links.filter(([link]) => !link.startsWith('](http'))) {
      const target = path === '' ? page : join(page, '..', path)
      expect(existsSync(join(root, target)), link).toBe(true)
      if (section !== undefined) expect(sectionsOf(target), link).toContain(section)
    }
  })

  it.each(pages)('(%s) names only files of the source that are there', (page) => {
    const folders = 'domain|store|broker|ingest|api|console|dashboards|simulators|commands|test|deploy|docs'
    const named = text(page).match(new RegExp(`(?<![\\w/.-])(?:${folders})/[\\w./-]+\\.\\w+`, 'g')) ?? []
    expect(named.filter((path) => !existsSync(join(root, path)))).toEqual([])
  })

  it('names only npm scripts that are there', () => {
    for (const script of new Set(pages.flatMap(scriptsNamedIn))) expect(scripts).toContain(script)
  })

  it.each(['README.md', 'README.zh-CN.md'])('(%s) names every measurement and every proof', (page) => {
    const measuring = scripts.filter((script) => /^(bench|proof):/.test(script))
    expect(measuring.length).toBeGreaterThan(5)
    expect(scriptsNamedIn(page)).toEqual(expect.arrayContaining(measuring))
  })

  const scripts = Object.keys(JSON.parse(text('package.json')).scripts)
  const scriptsNamedIn = (page: string) =>
    [...text(page).matchAll(/npm run ([\w:-]+)/g)].map(([, script = '']) => script)

  /** What the headings of a page are called in links. */
  const sectionsOf = (page: string) =>
    [...text(page).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
      heading
        .toLowerCase()
        .replace(/[^\p{L}\p{N}\- ]/gu, '')
        .replaceAll(' ', '-'),
    )

  function markdownIn(folder: string): string[] {
    return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.md'))
      .map((path) => join(folder, path))
  }
})
