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

/** Watches a process under load for so many seconds; `beside` is done about once a second. */
export async function measure(
  load: LoadGenerator,
  pid: number,
  seconds: number,
  beside: () => Promise<void> = async () => {},
): Promise<Measured> {
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

/** Lets compilation, windows and first readings of devices be over before anything is measured. */
export async function warmUp(
  load: LoadGenerator,
  messages: number,
  secondsMax: number,
  beside: () => Promise<void> = async () => {},
): Promise<void> {
  const end = performance.now() + secondsMax * 1_000
  do await Promise.all([pause(1_000), beside()])
  while ((await load.acked()) < messages && performance.now() < end)
}

function difference(before: ProcessUsage, after: ProcessUsage) {
  return {
    cpuSeconds: after.cpuSeconds - before.cpuSeconds,
    writtenBytes: after.writtenBytes - before.writtenBytes,
  }
}

export const rounded = (value: number, digits = 0) => Number(value.toFixed(digits))
