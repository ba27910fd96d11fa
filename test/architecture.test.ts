import { globSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const root = fileURLToPath(new URL('..', import.meta.url))

/** Which top-level folders a folder may import from, besides itself. */
const arrows: Readonly<Record<string, readonly string[]>> = {
  domain: [],
  store: ['domain'],
  broker: ['domain'],
  ingest: ['domain', 'store'],
  api: ['domain', 'store'],
  dashboards: ['domain'],
  console: ['domain'],
  simulators: ['domain'],
  commands: ['domain', 'store', 'broker', 'ingest', 'api', 'simulators'],
  'warmcity.ts': ['commands'],
}

/** Packages that the pure folder may use. */
const domainPackages = ['zod']

interface Import {
  readonly file: string
  readonly target: string
}

/** Every violation among the imports, in words. */
function violations(imports: readonly Import[]): string[] {
  return imports.flatMap(({ file, target }) => {
    const from = file.split('/')[0] ?? file
    const allowed = arrows[from]
    if (allowed === undefined) return []
    const to = targetFolder(file, target)
    if (to === undefined) {
      const isDomainPackage = domainPackages.includes(target)
      return from === 'domain' && !isDomainPackage
        ? [`${file} imports ${target}: domain is pure, zod and nothing else`]
        : []
    }
    if (to === from || allowed.includes(to)) return []
    return [`${file} imports ${target}: ${from} may import ${[...allowed, 'itself'].join(', ')}`]
  })
}

/** Top-level folder that an import leads to, or undefined for a package. */
function targetFolder(file: string, target: string): string | undefined {
  if (target.startsWith('#')) return target.slice(1).split('/')[0]
  if (!target.startsWith('.')) return undefined
  return normalize(join(dirname(file), target)).split('/')[0]
}

function importsOf(file: string): Import[] {
  const text = readFileSync(join(root, file), 'utf8')
  const pattern =
    /(?:^|\n)\s*(?:import|export)\s[^'"]*?from\s*['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]|(?:^|\n)import\s*['"]([^'"]+)['"]/g
  return [...text.matchAll(pattern)].map((match) => ({ file, target: match[1] ?? match[2] ?? match[3] ?? '' }))
}

const folders = Object.keys(arrows).filter((name) => !name.endsWith('.ts'))
const files = [...globSync(`{${folders.join(',')}}/**/*.{ts,tsx}`, { cwd: root, exclude: ['**/dist'] }), 'warmcity.ts']

test('every import follows the arrows', () => {
  expect(files.length).toBeGreaterThan(20)
  expect(violations(files.flatMap(importsOf))).toEqual([])
})

test('the page about the architecture tells the same arrows', () => {
  const page = readFileSync(join(root, 'docs/ARCHITECTURE.md'), 'utf8')
  const rows = [...page.matchAll(/^\| `(\w+)\/.*\| ([^|]+) \|$/gm)]
  const told = Object.fromEntries(rows.map(([, folder, may]) => [folder, may]))
  const inWords: Readonly<Record<string, string>> = { domain: domainPackages.join(', '), commands: 'all of them' }
  for (const folder of folders) expect(told[folder], folder).toBe(inWords[folder] ?? arrows[folder]?.join(', '))
})

test('the domain asks for no clock, environment or chance', () => {
  const impure =
    /\bDate\.now\(|\bnew Date\(\)|\bprocess\.|\bMath\.random\(|\bTemporal\.Now\b|\bsetTimeout\(|\bconsole\./
  const guilty = files.filter(
    (file) => file.startsWith('domain/') && impure.test(readFileSync(join(root, file), 'utf8')),
  )
  expect(guilty).toEqual([])
})

test.each([
  ['a page that imports the api', 'console/pages/city/page.tsx', '../../../api/app.ts'],
  ['a service that imports another', 'api/app.ts', '../broker/broker.ts'],
  ['a store that imports a service', 'store/ledger/flags.ts', '../../ingest/ingest.ts'],
  ['a domain file with I/O', 'domain/reading.ts', 'node:fs'],
  ['a domain file with a package', 'domain/reading.ts', 'pino'],
  ['an alias that goes against an arrow', 'broker/broker.ts', '#store/ledger/database.ts'],
])('%s is found', (_case, file, target) => {
  expect(violations([{ file, target }])).toHaveLength(1)
})

test('every import form is read', () => {
  const seen = importsOf('test/architecture.test.ts').map(({ target }) => target)
  expect(seen).toContain('node:fs')
  expect(importsOf('warmcity.ts').map(({ target }) => target)).toContain('./commands/start.ts')
})
