import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'

const root = join(import.meta.dirname, '../..')
let checkout: string

beforeEach(() => {
  checkout = mkdtempSync(join(tmpdir(), 'warmcity-launcher-'))
  for (const file of ['launcher.mjs', 'package.json']) copyFileSync(join(root, file), join(checkout, file))
})
afterEach(() => rmSync(checkout, { recursive: true }))

const launch = () => spawnSync(process.execPath, [join(checkout, 'launcher.mjs'), 'start'], { encoding: 'utf8' })

it('says that nothing is installed', () => {
  const { status, stderr } = launch()
  expect(status).toBe(78)
  expect(stderr).toBe('The dependencies of Warmcity are not installed: run "npm ci" first.\n')
})

it('starts the program where there are dependencies and a new enough Node', () => {
  mkdirSync(join(checkout, 'node_modules'))
  const { stderr } = launch()
  expect(stderr).toContain(join(checkout, 'warmcity.ts'))
  expect(stderr).not.toContain('not installed')
})
