import { escape as escaped } from '@influxdata/influxdb-client'
import { liveMeasurement, liveSignalMeasurement, liveStream } from '#domain/live-channel.ts'
import type { Signal } from '#domain/signal.ts'
import { type RollUpFigure, type RollUpLevel, rollUpLevels } from '#domain/telemetry-names.ts'
import type { RollUpReader, StoredRollUp } from '#store/telemetry/roll-up-store.ts'
import type { StreamFeed } from './stream-feed.ts'

export interface GrafanaLiveTarget {
  /** Without a slash at the end. */
  readonly url: string
  /** Of a service account of Grafana that may publish. */
  readonly token: string
}

interface GrafanaLiveDeps {
  readonly target: GrafanaLiveTarget
  readonly feed: Pick<StreamFeed, 'extent' | 'onNews' | 'page'>
  readonly rollUps?: Pick<RollUpReader, 'newestRollUpAt' | 'rollUpsAt'>
  onError(error: unknown): void
}

/** Roll-ups come every ten minutes of the city's clock, which may run fast. */
const lookEveryMs = 2_000
/** Whoever does not take a push in time gets the next one. */
const answerMsMax = 5_000
/** A push of some hundred kilobytes. */
const linesPerPushMax = 1_000
const signalsPerPushMax = 500

/** What panels show of a place: a building has some seventy figures, and five thousand buildings are many. */
const pushedFigures: readonly RollUpFigure[] = [
  'dwellings_measured',
  'dwellings_below_target',
  'degree_hours_below_target',
  'indoor_p10_c',
  'indoor_p50_c',
  'indoor_p90_c',
  'coverage_share',
]
const pushedLevels: readonly RollUpLevel[] = rollUpLevels

/** Signals of single homes are for the console, which knows who may see them. */
const audience = { scope: { kind: 'city' }, dwellings: false } as const

/**
 * Pushes roll-ups and signals to Grafana Live as they come, past the database. Grafana keeps nothing of it, so what
 * could not be pushed is not sent again: the next one is newer.
 */
export function startGrafanaLive({ target, feed, rollUps, onError }: GrafanaLiveDeps): { close(): Promise<void> } {
  let told = feed.extent().head
  let newestAt: number | undefined
  let pushing: Promise<void> | undefined
  let again = false

  async function push(lines: readonly string[]): Promise<void> {
    for (let from = 0; from < lines.length; from += linesPerPushMax) {
      const response = await fetch(`${target.url}/api/live/push/${liveStream}`, {
        method: 'POST',
        headers: { authorization: `Bearer ${target.token}`, 'content-type': 'text/plain; charset=utf-8' },
        body: lines.slice(from, from + linesPerPushMax).join('\n'),
        signal: AbortSignal.timeout(answerMsMax),
      })
      await response.body?.cancel()
      if (!response.ok) throw new Error(`Grafana answered ${response.status} to a push`)
    }
  }

  async function pushSignals(): Promise<void> {
    while (told < feed.extent().head) {
      const page = await feed.page(told, audience, signalsPerPushMax)
      // Before it is sent: what is refused is not tried again.
      told = page.through
      await push(page.signals.filter(({ history }) => !history).map(signalLine))
    }
  }

  async function pushRollUps(): Promise<void> {
    const at = await rollUps?.newestRollUpAt()
    if (at === undefined || at === newestAt) return
    newestAt = at
    const found = (await rollUps?.rollUpsAt(pushedLevels, at)) ?? []
    await push(found.filter(({ few }) => !few).flatMap(rollUpLine))
  }

  async function run(): Promise<void> {
    const outcomes = [await settled(pushSignals()), await settled(pushRollUps())]
    for (const error of outcomes) if (error !== undefined) onError(error)
  }

  function start(): void {
    if (pushing) {
      again = true
      return
    }
    pushing = run().finally(() => {
      pushing = undefined
      if (!again) return
      again = false
      start()
    })
  }

  let closed = false
  feed.onNews(() => {
    if (!closed) start()
  })
  const timer = setInterval(start, lookEveryMs)
  start()
  return {
    async close() {
      closed = true
      again = false
      clearInterval(timer)
      await pushing
    },
  }
}

const settled = (work: Promise<void>): Promise<unknown> =>
  work.then(
    () => undefined,
    (error: unknown) => error,
  )

/** Times in nanoseconds, which Grafana takes them for. */
const nanoseconds = (ms: number): string => `${Math.round(ms)}000000`

const signalLine = ({ number, at, kind, subjectKind, subject, firm }: Signal): string => {
  const tags = [`kind=${escaped.tag(kind)}`, ...(firm === undefined ? [] : [`firm=${escaped.tag(firm)}`])]
  const fields = [
    `number=${number}i`,
    `subject_kind=${escaped.quoted(subjectKind)}`,
    `subject=${escaped.quoted(subject)}`,
  ]
  return `${liveSignalMeasurement},${tags.join(',')} ${fields.join(',')} ${nanoseconds(at)}`
}

function rollUpLine({ level, id, at, figures }: StoredRollUp): string[] {
  const fields = pushedFigures.flatMap((name) => (figures[name] === undefined ? [] : [`${name}=${figures[name]}`]))
  return fields.length === 0
    ? []
    : [`${liveMeasurement(level)},id=${escaped.tag(id)} ${fields.join(',')} ${nanoseconds(at)}`]
}
