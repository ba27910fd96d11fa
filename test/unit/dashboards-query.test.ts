import { describe, expect, test } from 'vitest'
import { fieldIs, tagBeginsWith, tagIs, tagIsOneOf, tagIsVariable } from '../../dashboards/influxql/condition.ts'
import { column, growth, last, max, mean, minus, per, sum, times, top } from '../../dashboards/influxql/expression.ts'
import { answerOf, answersOfBoth, from, query, tagValues } from '../../dashboards/influxql/query.ts'
import { identifier, literal, regexText, variableInRegex } from '../../dashboards/influxql/text.ts'

const weather = { name: 'weather', tags: { place: '', kind: '' }, fields: { outdoor_c: {}, wind_ms: {} } } as const

describe('names and values', () => {
  test.each([
    ['plain', '"plain"'],
    ['with "quotes"', String.raw`"with \"quotes\""`],
    ['back\\slash', String.raw`"back\\slash"`],
    ['two\nlines', String.raw`"two\nlines"`],
    ['南岗区', '"南岗区"'],
    ['time', '"time"'],
  ])('the identifier %j cannot end early', (name, expected) => {
    expect(identifier(name)).toBe(expected)
  })

  test.each([
    ["it's", String.raw`'it\'s'`],
    ["\\'; DROP DATABASE x --", String.raw`'\\\'; DROP DATABASE x --'`],
    ['哈西', "'哈西'"],
  ])('the value %j cannot end early', (text, expected) => {
    expect(literal(text)).toBe(expected)
  })

  test.each(['$timeFilter', 'a$b', 'x[[y]]'])('%j would be a variable of Grafana and is refused', (text) => {
    expect(() => identifier(text)).toThrow('variable')
    expect(() => literal(text)).toThrow('variable')
  })

  test('a text in a regular expression matches itself and nothing else', () => {
    for (const text of ['a.b', 'x/y', 'S-1 (中)', 'warmcity{a="b"}', '^$*+?|[]\\', '1.5°C']) {
      const pattern = new RegExp(`^${regexText(text)}$`)
      expect(pattern.test(text)).toBe(true)
      expect(pattern.test(text.replace('.', 'x').replace('中', '国'))).toBe(!/[.中]/.test(text))
    }
    expect(regexText('a/b')).toBe(String.raw`a\/b`)
  })

  test('a variable names the format in which Grafana escapes it', () => {
    expect(variableInRegex('district')).toBe(`${'$'}{district:regex}`)
    for (const name of ['', 'a b', 'a:b', '$x', 'x}']) expect(() => variableInRegex(name)).toThrow('variable')
  })
})

describe('a query', () => {
  test('reads as InfluxQL', () => {
    const text = query(from(weather), {
      select: { outdoor: mean('outdoor_c'), gust: max('wind_ms') },
      where: [tagIsVariable('place', 'district'), tagIs('kind', 'observed')],
      time: 'shown',
      bucket: 'auto',
      groupBy: ['place'],
      fill: 'null',
    }).text
    expect(text).toBe(
      'SELECT mean("outdoor_c") AS "outdoor", max("wind_ms") AS "gust" FROM "weather" ' +
        `WHERE "place" =~ /^${'$'}{district:regex}$/ AND "kind" = 'observed' AND $timeFilter ` +
        'GROUP BY time($__interval), "place" fill(null)',
    )
  })

  test('asks another for its answer', () => {
    const newest = query(from(weather), {
      select: { coldest: last('outdoor_c') },
      time: { last: '1d' },
      groupBy: ['place'],
    })
    const text = query(answerOf(newest), {
      select: { coldest: top('coldest', 3), place: column('place') },
      time: 'all',
    }).text
    expect(text).toBe(
      'SELECT top("coldest", 3) AS "coldest", "place" AS "place" FROM (SELECT last("outdoor_c") AS "coldest" ' +
        'FROM "weather" WHERE time > now() - 1d GROUP BY "place")',
    )
    expect(query(answersOfBoth(newest, newest), { select: { both: sum('coldest') }, time: 'all' }).text).toContain(
      'FROM (SELECT last("outdoor_c") AS "coldest" FROM "weather" WHERE time > now() - 1d GROUP BY "place"), (SELECT',
    )
  })

  test('computes with floats: a share of whole numbers is not 0', () => {
    const share = per(times(sum('outdoor_c'), 100), sum('wind_ms'))
    expect(share.text).toBe('((sum("outdoor_c") * 100.0) / sum("wind_ms"))')
    expect(minus(mean('outdoor_c'), 0.5).text).toBe('(mean("outdoor_c") - 0.5)')
  })

  test('has its order, limit and zone at the end', () => {
    const text = query(from(weather), {
      select: { outdoor: column('outdoor_c') },
      where: [
        fieldIs('outdoor_c', '<', -20),
        tagIsOneOf('kind', ['observed', 'fore.cast']),
        tagBeginsWith('place', 'a/'),
      ],
      time: 'all',
      newestFirst: true,
      limit: 5,
      timeZone: 'Asia/Shanghai',
    }).text
    expect(text).toBe(
      `SELECT "outdoor_c" AS "outdoor" FROM "weather" WHERE "outdoor_c" < -20 AND ("kind" = 'observed' OR "kind" = 'fore.cast') ` +
        `AND "place" =~ /^a\\// ORDER BY time DESC LIMIT 5 tz('Asia/Shanghai')`,
    )
  })

  test('is refused when it selects nothing, or fills what has no buckets', () => {
    expect(() => query(from(weather), { select: {}, time: 'all' })).toThrow('column')
    expect(() => query(from(weather), { select: { a: mean('outdoor_c') }, time: 'all', fill: 0 })).toThrow('filled')
    // @ts-expect-error A length of time has a unit.
    expect(() => growth('outdoor_c', '10')).toThrow('length of time')
  })

  test('knows its columns: others do not compile', () => {
    // @ts-expect-error The measurement has no such field.
    const wrongField = query(from(weather), { select: { a: mean('indoor_c') }, time: 'all' })
    // @ts-expect-error The measurement has no such tag.
    const wrongTag = query(from(weather), { select: { a: mean('outdoor_c') }, time: 'all', groupBy: ['district'] })
    expect([wrongField, wrongTag]).toHaveLength(2)
  })
})

describe('the values of a tag', () => {
  test('are asked for within what is chosen', () => {
    expect(tagValues(weather, 'kind')).toBe('SHOW TAG VALUES FROM "weather" WITH KEY = "kind"')
    expect(tagValues(weather, 'kind', [tagIsVariable('place', 'city')])).toBe(
      `SHOW TAG VALUES FROM "weather" WITH KEY = "kind" WHERE "place" =~ /^${'$'}{city:regex}$/`,
    )
  })
})
