/** A moment, and how many bytes the journal had taken by then. */
interface Sample {
  readonly bytes: number
  readonly atMs: number
}

/** Ages are known to a few seconds; alerts are about minutes. */
const sampleEveryMs = 2_000
/** Two and a quarter hours at full rate. Of a longer backlog every other sample goes: its age need not be so exact. */
const samplesMax = 4_096

/**
 * How old the oldest delivery is that each reader of the journal has still to deal with, from how much was taken and how
 * much each reader is behind. What waited before this start is as old as the start at least.
 */
export function makeJournalAges(startedMs: number) {
  let samples: Sample[] = [{ bytes: 0, atMs: startedMs }]
  return {
    /** Notes how many bytes the journal has taken since the start, and how many of them all readers have dealt with. */
    note(bytes: number, atMs: number, dealtWithByAll = 0): void {
      samples.push({ bytes, atMs })
      const needed = samples.findLastIndex((sample) => sample.bytes <= dealtWithByAll)
      if (needed > 0) samples = samples.slice(needed)
      if (samples.length > samplesMax) samples = samples.filter((_, at) => at % 2 === 0)
    },
    /** Seconds since the first byte was taken that the reader has not dealt with; 0 where it has dealt with all. */
    secondsBehind(lagBytes: number, bytes: number, nowMs: number): number {
      if (lagBytes <= 0) return 0
      const dealtWith = bytes - lagBytes
      const before = samples.findLast((sample) => sample.bytes <= dealtWith) ?? samples[0]
      return (nowMs - (before?.atMs ?? startedMs)) / 1_000
    },
  }
}

interface Counting {
  counters(): Record<string, number>
}

/** The counters of ingest, and for each `…_lagBytes` among them a `…_lagSeconds`. Close it when ingest ends. */
export function showJournalAges(ingest: Counting): Counting & { close(): void } {
  const ages = makeJournalAges(performance.now())
  const timer = setInterval(() => {
    const counters = ingest.counters()
    const { journal_bytes: bytes = 0 } = counters
    const lags = Object.entries(counters).flatMap(([name, lag]) => (name.endsWith('_lagBytes') ? [lag] : []))
    ages.note(bytes, performance.now(), bytes - Math.max(0, ...lags))
  }, sampleEveryMs)
  timer.unref()
  return {
    counters() {
      const counters = ingest.counters()
      const now = performance.now()
      const behind = Object.entries(counters).flatMap(([name, lagBytes]): [string, number][] =>
        name.endsWith('_lagBytes')
          ? [[name.replace(/Bytes$/, 'Seconds'), ages.secondsBehind(lagBytes, counters.journal_bytes ?? 0, now)]]
          : [],
      )
      return { ...counters, ...Object.fromEntries(behind) }
    },
    close: () => clearInterval(timer),
  }
}
