import type { Delivery } from '#domain/delivery.ts'
import type { JournalFiles } from '../../ingest/journal/files.ts'
import { type Journal, type JournalOptions, openJournal } from '../../ingest/journal/journal.ts'
import { openJournalReader } from '../../ingest/journal/reader.ts'
import { RecordView } from '../../ingest/journal/record.ts'

/** A delivery of G-1 with this payload. */
export const delivery = (text: string, more: Partial<Delivery> = {}): Delivery => ({
  gateway: 'G-1',
  topic: 'heating/v1/G-1/readings',
  payload: Buffer.from(text),
  qos: 1,
  dup: false,
  retain: false,
  packetId: 1,
  receivedAt: 1_768_435_200_000,
  ...more,
})

const directory = '/journal'
const small = { directory, segmentBytes: 500, repeatBytes: 0, repeatEntries: 256 }

/** A journal of small segments, so that few deliveries make many. */
export const open = (files: JournalFiles, more: Partial<JournalOptions> = {}) =>
  openJournal({ ...small, files, ...more })

/** Resolves when the delivery was acked. */
export const accepted = (journal: Journal, one: Delivery) =>
  new Promise<void>((resolve, reject) => journal.accept(one, (error) => (error ? reject(error) : resolve())))

/** A reader of what is durable. */
export const readerOf = (files: JournalFiles, journal: Journal) =>
  openJournalReader({ directory, durableEnd: journal.durableEnd.shared, files })

/** What the journal holds, from its start. */
export async function recordsOf(files: JournalFiles, journal: Journal) {
  const reader = readerOf(files, journal)
  const view = new RecordView()
  const records: (Delivery & { repeat: boolean; quarantineId: number; registryVersion: number; tick: boolean })[] = []
  let position = journal.start()
  for (;;) {
    const stretch = await reader.read(position, 1000)
    if (!stretch) break
    let start = 0
    for (const end of stretch.ends) {
      view.show(stretch.bytes, start, end)
      records.push({
        gateway: view.gateway,
        topic: view.topic,
        payload: Buffer.from(view.payload()),
        qos: view.qos as 0 | 1 | 2,
        dup: false,
        retain: false,
        packetId: view.packetId,
        receivedAt: view.at,
        repeat: view.repeat,
        quarantineId: view.quarantineId,
        registryVersion: view.registryVersion,
        tick: view.isTick,
      })
      start = end
    }
    position = stretch.to
  }
  await reader.close()
  return records
}

export const textsOf = async (files: JournalFiles, journal: Journal) =>
  (await recordsOf(files, journal)).map((record) => record.payload.toString())
