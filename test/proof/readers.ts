import { setTimeout as pause } from 'node:timers/promises'
import type { Service } from '../../commands/supervisor.ts'
import { scrape } from '../bench/edge-process.ts'

const pollMs = 50
const positionMetric = /^warmcity_ingest_(\w+)_position$/

/**
 * Resolves when every reader of the journal has made everything durable that lies in it now. Ticks go on coming, so
 * the end to reach is the one of the moment of asking.
 */
export async function readersCaughtUp(edge: Service, withinMs: number): Promise<void> {
  const { edgeHttp = '' } = await edge.ready
  const deadline = performance.now() + withinMs
  let end: number | undefined
  for (;;) {
    const metrics = await scrape(edgeHttp)
    end ??= metrics.get('warmcity_ingest_journal_end')
    if (end === undefined) throw new Error('The edge does not say where its journal ends')
    const positions = [...metrics].filter(([name]) => positionMetric.test(name))
    if (positions.length === 0) throw new Error('The edge does not say how far its readers are')
    const wanted = end
    if (positions.every(([, position]) => position >= wanted)) return
    if (performance.now() > deadline) throw new Error(`Readers are behind ${wanted}: ${positions.join(' ')}`)
    await pause(pollMs)
  }
}
