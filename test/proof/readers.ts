import { setTimeout as pause } from 'node:timers/promises'
import type { Service } from '../../commands/supervisor.ts'
import { scrape } from '../bench/edge-process.ts'

const pollMs = 50
const lagMetric = /^warmcity_ingest_(\w+)_lag_bytes$/
/** Ticks go on coming, each some forty bytes a second. */
const ticksBytes = 500

/** Resolves when every reader of the journal has taken what lies in it; a stop then saves it. */
export async function readersCaughtUp(edge: Service, withinMs: number): Promise<void> {
  const { edgeHttp = '' } = await edge.ready
  const deadline = performance.now() + withinMs
  for (;;) {
    const lags = [...(await scrape(edgeHttp))].filter(([name]) => lagMetric.test(name))
    if (lags.length > 0 && lags.every(([, lagBytes]) => lagBytes <= ticksBytes)) return
    if (performance.now() > deadline) throw new Error(`Readers are behind: ${lags.join(' ')}`)
    await pause(pollMs)
  }
}
