import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { applyEdits, mutants, smallSizes } from './mutants.ts'

const source = (file: string) => readFile(new URL(`../../${file}`, import.meta.url), 'utf8')

test.each(mutants)('mutant $name still finds what it changes', async ({ edits }) => {
  for (const { file } of edits) {
    const before = await source(file)
    expect(applyEdits([...smallSizes, ...edits], file, before)).not.toBe(before)
  }
})

test.each(smallSizes)('$replaces is still there to be made smaller', async ({ file }) => {
  const before = await source(file)
  expect(applyEdits(smallSizes, file, before)).not.toBe(before)
})

test('an edit that finds nothing, or several places, fails', () => {
  const edit = { file: 'a.ts', replaces: 'x', by: 'y' }
  expect(() => applyEdits([edit], 'a.ts', 'nothing')).toThrow('0 times')
  expect(() => applyEdits([edit], 'a.ts', 'x x')).toThrow('2 times')
  expect(applyEdits([edit], 'b.ts', 'x')).toBe('x')
})
