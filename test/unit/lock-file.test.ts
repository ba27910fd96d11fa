import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'

it('the lock file has an entry for every optional dependency: npm ci refuses it otherwise', () => {
  const { packages } = JSON.parse(readFileSync(join(import.meta.dirname, '../../package-lock.json'), 'utf8')) as {
    packages: Record<string, { optionalDependencies?: Record<string, string> }>
  }
  const missing = Object.entries(packages).flatMap(([path, { optionalDependencies = {} }]) =>
    Object.keys(optionalDependencies).filter((name) => !isInstalled(path, name)),
  )
  expect(missing).toEqual([])

  function isInstalled(from: string, name: string): boolean {
    if (Object.hasOwn(packages, from === '' ? `node_modules/${name}` : `${from}/node_modules/${name}`)) return true
    return from !== '' && isInstalled(from.slice(0, Math.max(0, from.lastIndexOf('/node_modules/'))), name)
  }
})
