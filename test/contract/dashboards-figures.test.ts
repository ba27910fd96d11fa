import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { minuteMs } from '#domain/time.ts'
import { connectInflux } from '#store/telemetry/influx/connection.ts'
import { openInfluxFacts } from '#store/telemetry/influx/facts.ts'
import { openInfluxRollUps, rollUpTarget } from '#store/telemetry/influx/roll-ups.ts'
import { setUpInflux } from '#store/telemetry/influx/setup.ts'
import { alertRules, boardFiles, queriesOf, ruleQueries } from '../support/generated-dashboards.ts'
import { interpolate } from '../support/grafana-interpolation.ts'
import { type Influxd, startInfluxd } from '../support/influxd.ts'
import { hasProgram } from '../support/required-programs.ts'

const suite = "the service's own figures, and alert rules about them, over InfluxDB"

describe.runIf(hasProgram('influxd', suite))(suite, () => {
  let influxd: Influxd

  beforeAll(async () => {
    influxd = await startInfluxd()
  }, 60_000)

  afterAll(() => influxd?.remove())

  test('figures of several edges are added up, and the worst of them is shown', async () => {
    const target = { url: influxd.url, database: 'several' }
    await setUpInflux(target, 0)
    const at = Date.parse('2026-01-15T12:00:00Z')
    const grown = 'warmcity_broker_deliveries_accepted'
    await openInfluxFacts({ target }).writeFacts(
      [0, 20_000, 40_000].flatMap((later) => [
        figure('edge', grown, later / 10, at + later, '1'),
        // Last to tell, and started again in between.
        figure('edge', grown, later === 20_000 ? 0 : 5_000 + later / 5, at + later + 3_000, '2'),
        figure('edge', 'warmcity_ingest_watch_lag_bytes', 900, at + later, '1'),
        figure('edge', 'warmcity_ingest_watch_lag_bytes', 7, at + later + 3_000, '2'),
      ]),
    )
    const file = boardFiles.find(({ path }) => path === 'generated/en/service.json')
    const answers = async (title: string) => {
      const asked = (file ? queriesOf(file) : []).filter(({ at }) => at.includes(`: ${title} `))
      const rows = asked.map(async ({ text }) => {
        const shown = { from: at, to: at + 60_000 }
        const query = interpolate(text, shown, file?.board, {}, { everyAtLeastMs: 20_000 })
        const series = await connectInflux(rollUpTarget(target)).query(query)
        return series.flatMap(({ values = [] }) => values.map((row) => row[1]))
      })
      return Promise.all(rows)
    }
    // 100 a second of the first all the time; of the second what it gained since it started again.
    expect((await answers('Messages a second'))[0]).toEqual([100, 100 + 13_000 / 20])
    expect((await answers('Journal depth'))[1]).toEqual([900, 900, 900])
  })

  describe('alert rules', () => {
    const target = () => ({ url: influxd.url, database: 'now' })
    const now = Date.now()

    const district = (id: string, at: number) => ({
      place: { level: 'district' as const, id, name: id },
      at,
      few: false,
      figures: { probes_reporting: 40, probes_expected: 50 },
    })
    /** What the threshold is compared with, by the labels of its series: the last value that is there. */
    async function newest(uid: string, database = target().database): Promise<Record<string, number>> {
      const query = ruleQueries.find(({ at }) => at.startsWith(`rule ${uid} `))
      const series = await connectInflux(rollUpTarget({ ...target(), database })).query(query?.text ?? '')
      return Object.fromEntries(
        series.map(({ tags = {}, values = [] }) => [
          Object.values(tags).join(),
          Number(values.findLast((row) => row[1] !== null)?.[1] ?? Number.NaN),
        ]),
      )
    }

    /** Whether the rule would fire, for each series, as its threshold says. */
    function fires(uid: string, values: Record<string, number>): Record<string, boolean> {
      const rule = alertRules.find((one) => one.uid === uid)
      const threshold = rule?.data.at(-1)?.model as unknown as ThresholdJson | undefined
      const evaluator = threshold?.conditions[0]?.evaluator
      if (!evaluator) throw new Error(`The rule ${uid} has no threshold`)
      const [limit] = evaluator.params
      return Object.fromEntries(
        Object.entries(values).map(([name, value]) => [name, evaluator.type === 'gt' ? value > limit : value < limit]),
      )
    }

    beforeAll(async () => {
      await setUpInflux(target(), 0)
      await setUpInflux({ ...target(), database: 'empty' }, 0)
      const rollUps = openInfluxRollUps({ target: target() })
      const steps = Array.from({ length: 12 }, (_, index) => now - (12 - index) * 10 * minuteMs)
      await rollUps.writeRollUps([
        ...steps.map((at) => district('nangang', at)),
        // The last one is more than an hour old.
        ...steps.slice(0, 5).map((at) => district('daoli', at)),
      ])
      await rollUps.close()
      await openInfluxFacts({ target: target() }).writeFacts([
        ...[4, 3, 2, 1].map((ago) => figure('api', 'warmcity_stream_head', 10, now - ago * minuteMs)),
        ...[4, 3, 2, 1].map((ago) =>
          figure('edge', 'warmcity_ingest_telemetry_lag_seconds', ago === 1 ? 1_000 : 1, now - ago * minuteMs),
        ),
        figure('edge', 'warmcity_ingest_watch_lag_seconds', 1, now - minuteMs),
        // Another edge that is well tells last.
        figure('edge', 'warmcity_ingest_telemetry_lag_seconds', 2, now - minuteMs + 1_000, '2'),
        // One tells now, one has told nothing for six minutes.
        figure('edge', 'warmcity_broker_deliveries_accepted', 10, now - minuteMs, '1'),
        figure('edge', 'warmcity_broker_deliveries_accepted', 10, now - 6 * minuteMs, '2'),
        figure('edge', 'warmcity_ingest_quarantine_rejected', 10, now - 21 * minuteMs),
        figure('edge', 'warmcity_ingest_quarantine_rejected', 20, now - 11 * minuteMs),
        figure('edge', 'warmcity_ingest_quarantine_rejected', 2_000, now - minuteMs),
      ])
    })

    test('find a district that is silent, and leave the other alone', async () => {
      const values = await newest('warmcity-district-silent')
      expect(fires('warmcity-district-silent', values)).toEqual({ daoli: true, nangang: false })
    })

    test('find the reader that is behind', async () => {
      expect(fires('warmcity-journal-age', await newest('warmcity-journal-age'))).toEqual({
        'warmcity_ingest_telemetry_lag_seconds,1': true,
        'warmcity_ingest_telemetry_lag_seconds,2': false,
        'warmcity_ingest_watch_lag_seconds,1': false,
      })
    })

    test('find a surge into quarantine', async () => {
      expect(fires('warmcity-quarantine-surge', await newest('warmcity-quarantine-surge'))).toEqual({ 1: true })
    })

    test('find the service that tells nothing, and leave alone the one that does', async () => {
      expect(fires('warmcity-api-down', await newest('warmcity-api-down'))).toEqual({ '': false })
      expect(fires('warmcity-edge-down', await newest('warmcity-edge-down'))).toEqual({ 1: false, 2: true })
      // Without a single row Grafana goes by what the rule says of no data.
      for (const uid of ['warmcity-district-silent', 'warmcity-api-down', 'warmcity-edge-down']) {
        expect(await newest(uid, 'empty'), uid).toEqual({})
        expect(alertRules.find((rule) => rule.uid === uid)?.noDataState, uid).toBe('Alerting')
      }
    })
  })
})

const figure = (service: string, name: string, value: number, at: number, instance = '1') => ({
  kind: 'serviceFigure' as const,
  tags: { service, instance, figure: name },
  fields: { value },
  at,
})

interface ThresholdJson {
  readonly conditions: readonly { readonly evaluator: { readonly type: 'gt' | 'lt'; readonly params: [number] } }[]
}
