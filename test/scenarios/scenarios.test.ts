import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { Signal } from '#domain/signal.ts'
import { cityRows, openWatchedCity } from '../support/watched-city.ts'
import { offsetText, parseScenario, type Scenario, valuesOf } from './scenario.ts'

const folder = import.meta.dirname

test('the notation for values says what it means', () => {
  expect(valuesOf('20.1 19.6x3 _ 20-0.5x2')).toEqual([20.1, 19.6, 19.6, 19.6, undefined, 20, 19.5, 19])
})

/** "02:40 raised belowTarget since 00:20": what people would say of a signal. */
function told({ start }: Scenario, { kind, at, history, payload, subject }: Signal): string {
  const news = kind.slice(kind.indexOf('.') + 1)
  const past = history ? ' history' : ''
  if (kind.startsWith('alert'))
    return `${offsetText(at - start)} alert ${news} ${payload.tier} ${payload.openFlags} open`
  if (kind.startsWith('outage')) return `${offsetText(at - start)} outage ${payload.kind}${past}`
  const by = payload.clearedBy && payload.clearedBy !== 'recovered' ? ` by ${payload.clearedBy}` : ''
  const whose = subject === 'D-0' ? '' : ` of ${subject}`
  return `${offsetText(at - start)} ${news} ${payload.rule}${whose} since ${offsetText(Number(payload.since) - start)}${by}${past}`
}

describe('scenarios', () => {
  for (const name of readdirSync(folder).filter((file) => file.endsWith('.txt'))) {
    test(name.replace('.txt', '').replaceAll('-', ' '), async () => {
      const scenario = parseScenario(readFileSync(join(folder, name), 'utf8'))
      const rows = cityRows({
        dwellings: 1,
        probesPerDwelling: scenario.probes,
        samplingS: scenario.samplingMs / 1000,
        reportingS: scenario.reportingMs / 1000,
        toleranceK: scenario.toleranceK,
        contract: scenario.contract,
      })
      const city = await openWatchedCity(rows)
      const signals = await city.run(scenario.records, scenario.records.length, [97])
      await city.close()
      // Alerts are told of only where a scenario is about them.
      const aboutAlerts = scenario.expected.some((line) => / (alert|outage) /.test(line))
      const lines = signals
        .filter(({ kind }) => aboutAlerts || kind.startsWith('flag'))
        .map((one) => told(scenario, one))
      expect(lines).toEqual(scenario.expected)
    })
  }
})
