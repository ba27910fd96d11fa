import { globSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { languages } from '#domain/words.ts'
import { makeFormats } from '../../console/settings/formats.ts'
import { catalogue } from '../../console/text/catalogue.ts'
import { nameIn } from '../../console/text/words.ts'

type Phrase = string | ((...given: string[]) => string)
const texts = Object.entries(catalogue).flatMap(([area, said]) =>
  Object.entries(said as Record<string, Record<string, Phrase>>).map(([key, inLanguages]) => ({
    name: `${area}.${key}`,
    inLanguages,
  })),
)
const spoken = (phrase: Phrase | undefined) =>
  typeof phrase === 'function' ? phrase('«1»', '«2»', '«3»', '«4»') : (phrase ?? '')

describe('the catalogue', () => {
  test('has every text in every language', () => {
    expect(texts.length).toBeGreaterThan(200)
    const missing = texts.flatMap(({ name, inLanguages }) =>
      languages
        .filter((language) => spoken(inLanguages[language]).trim() === '')
        .map((language) => `${name} ${language}`),
    )
    expect(missing).toEqual([])
  })

  test('puts the same values into each language', () => {
    const valuesIn = (text: string) => [...new Set(text.match(/«\d»/g) ?? [])].sort()
    for (const { name, inLanguages } of texts) {
      expect([name, valuesIn(spoken(inLanguages.en))]).toEqual([name, valuesIn(spoken(inLanguages.zh))])
    }
  })

  test('speaks English without Chinese, but where it names the other language', () => {
    const mixed = texts.filter(({ inLanguages }) => /\p{Script=Han}/u.test(spoken(inLanguages.en)))
    expect(mixed.map(({ name }) => name)).toEqual(['app.otherLanguage', 'app.switchLanguage'])
  })
})

test('no page has Chinese in its code: what is read by people is in the catalogue', () => {
  const files = globSync('console/**/*.{ts,tsx}', { exclude: ['console/dist/**'] })
  expect(files.length).toBeGreaterThan(50)
  const guilty = files.filter((file) => !/texts?\.ts$|\/words\.ts$|formats\.ts$/.test(file) && hasChinese(file))
  expect(guilty).toEqual([])
})

const hasChinese = (file: string) => /\p{Script=Han}/u.test(readFileSync(file, 'utf8'))

describe('numbers and times', () => {
  const evening = Date.parse('2026-01-15T11:00:00Z')

  test("are in the city's zone and the language's format", () => {
    const chinese = makeFormats('zh', 'Asia/Shanghai')
    const english = makeFormats('en', 'Asia/Shanghai')
    expect(chinese.dateTime(evening)).toBe('2026/01/15 19:00:00')
    expect(english.dateTime(evening)).toBe('15/01/2026, 19:00:00')
    expect(english.number(12345.678, 1)).toBe('12,345.7')
    expect(chinese.percent(0.9654)).toBe('96.5%')
    expect(chinese.temperature(20)).toBe('20.0 °C')
    expect(makeFormats('en', 'Asia/Urumqi').time(evening)).toBe('17:00:00')
  })

  test('a day is that of the city, and is given to the service as it takes it', () => {
    const afterMidnightThere = Date.parse('2026-01-15T16:30:00Z')
    expect(makeFormats('en', 'Asia/Shanghai').localDay(afterMidnightThere)).toBe('2026-01-16')
    expect(makeFormats('zh', 'UTC').localDay(afterMidnightThere)).toBe('2026-01-15')
    expect(makeFormats('zh', 'Asia/Shanghai').day('2026-01-16')).toBe('2026/01/16')
    expect(makeFormats('en', 'America/New_York').month('2026-01-01')).toBe('Jan')
  })

  test.each([
    [45_000, '45 秒', '45 s'],
    [600_000, '10 分钟', '10 min'],
    [5_400_000, '1.5 小时', '1.5 h'],
    [20 * 86_400_000, '20 天', '20 d'],
    [-5, '0 秒', '0 s'],
  ])('%d ms are %s or %s', (ms, chinese, english) => {
    expect(makeFormats('zh', 'Asia/Shanghai').duration(ms)).toBe(chinese)
    expect(makeFormats('en', 'Asia/Shanghai').duration(ms)).toBe(english)
  })
})

test('a thing goes by its English name where it has one, an entrance by its number', () => {
  expect(nameIn('zh', '道里区', 'Daoli')).toBe('道里区')
  expect(nameIn('en', '道里区', 'Daoli')).toBe('Daoli')
  expect(nameIn('en', '道里区')).toBe('道里区')
  expect(nameIn('en', '12单元')).toBe('Entrance 12')
  expect(nameIn('zh', '12单元')).toBe('12单元')
})
