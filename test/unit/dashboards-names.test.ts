import { describe, expect, test } from 'vitest'
import { measurements } from '#domain/telemetry-names.ts'
import { allQueries, generatedFiles } from '../support/generated-dashboards.ts'

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
