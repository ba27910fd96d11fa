import type { ReadingBatch } from '#domain/reading.ts'
import type { RefusedReading } from '../telemetry-store.ts'
import type { InfluxConnection } from './connection.ts'
import { InfluxError } from './influx-error.ts'
import { makeLineWriter } from './lines.ts'
import { judgeRefusal } from './write-answer.ts'

/** What InfluxDB's makers advise for one request, and about a megabyte. */
const linesPerRequestMax = 10_000
/** The server syncs its log for each request; several at once share the wait. */
const requestsAtOnceMax = 4
/** A line that is refused for itself is rare. More in one batch have a common reason, which a person must mend. */
const refusedPerBatchMax = 100

/** Writes rows of a batch; resolves with those that the server refuses for themselves when all others are confirmed. */
export function makeInfluxWriter(connection: InfluxConnection) {
  const { lines } = makeLineWriter()

  /** Everything is sent again in halves until the refused lines stand alone: to write a line twice changes nothing. */
  async function writeOrHalve(batch: ReadingBatch, rows: readonly number[], refused: RefusedReading[]): Promise<void> {
    const refusal = await connection.write(lines(batch, rows))
    if (refusal === undefined) return
    if (refusal.status !== 413 || rows.length === 1) {
      const reason = judgeRefusal(refusal, connection.name)
      if (reason instanceof InfluxError) throw reason
      if (rows.length === 1) {
        refused.push({ row: rows[0], reason })
        if (refused.length <= refusedPerBatchMax) return
        throw new InfluxError(
          'influx_refuses_all',
          `${connection.name} refuses more than ${refusedPerBatchMax} readings of one batch, the last with: ${reason}`,
        )
      }
    }
    const middle = rows.length >> 1
    await writeOrHalve(batch, rows.slice(0, middle), refused)
    await writeOrHalve(batch, rows.slice(middle), refused)
  }

  return async (batch: ReadingBatch, rows: readonly number[]): Promise<RefusedReading[]> => {
    const refused: RefusedReading[] = []
    let from = 0
    async function writeInTurn(): Promise<void> {
      while (from < rows.length) {
        const chunk = rows.slice(from, from + linesPerRequestMax)
        from += chunk.length
        await writeOrHalve(batch, chunk, refused)
      }
    }
    // Nothing may still be under way when the caller hears of a failure and writes the batch again.
    const ends = await Promise.allSettled(Array.from({ length: requestsAtOnceMax }, writeInTurn))
    const failed = ends.find((end) => end.status === 'rejected')
    if (failed) throw failed.reason
    return refused.sort((left, right) => left.row - right.row)
  }
}
