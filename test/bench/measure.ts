import { setTimeout as pause } from 'node:timers/promises'
import type { LapReport, LoadGenerator } from './load-generator-process.ts'
import { type ProcessUsage, processUsage } from './process-usage.ts'

export interface Measured {
  readonly lap: LapReport
  readonly cpuSeconds: number
  readonly writtenBytes: number
  readonly rssMb: number
  /** Largest memory in the two halves of the time. */
  readonly rssFirstHalfMb: number
  readonly rssSecondHalfMb: number
}

/** The first moments belong to compilation and to filling windows. */
const warmUpMs = 2_000

/** Watches a process under load for so many seconds; `beside` is done about once a second. */
export async function measure(
  load: LoadGenerator,
  pid: number,
  seconds: number,
  beside: () => Promise<void> = async () => {},
): Promise<Measured> {
  await warmUp(Math.min(warmUpMs, seconds * 250), beside)
  await load.lap()
  const before = processUsage(pid)
  const samples: number[] = []
  const end = performance.now() + seconds * 1_000
  for (;;) {
    const left = end - performance.now()
    if (left <= 0) break
    await Promise.all([pause(Math.min(1_000, left)), beside()])
    samples.push(processUsage(pid).rssMb)
  }
  const lap = await load.lap()
  const after = processUsage(pid)
  const half = Math.ceil(samples.length / 2)
  return {
    lap,
    ...difference(before, after),
    rssMb: after.rssMb,
    rssFirstHalfMb: Math.max(...samples.slice(0, half)),
    rssSecondHalfMb: Math.max(...samples.slice(half)),
  }
}

async function warmUp(milliseconds: number, beside: () => Promise<void>): Promise<void> {
  const end = performance.now() + milliseconds
  while (performance.now() < end) await Promise.all([pause(Math.min(1_000, milliseconds)), beside()])
}

function difference(before: ProcessUsage, after: ProcessUsage) {
  return {
    cpuSeconds: after.cpuSeconds - before.cpuSeconds,
    writtenBytes: after.writtenBytes - before.writtenBytes,
  }
}

export const rounded = (value: number, digits = 0) => Number(value.toFixed(digits))
