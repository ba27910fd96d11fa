import { metricNameByCode } from '#domain/metric.ts'
import { qualityNameByCode } from '#domain/quality.ts'
import type { DecodedBlock } from '../../ingest/decoded-block.ts'
import type { JournalStretch } from '../../ingest/journal/reader.ts'
import { encodeDelivery } from '../../ingest/journal/record.ts'
import { BlockDecoder } from '../../ingest/pipeline/block-decoder.ts'
import { DeviceJudge } from '../../ingest/pipeline/device-judge.ts'
import { ForeignBook, type ForeignDirectory } from '../../ingest/pipeline/foreign-book.ts'
import type { DeviceDirectory } from '../../ingest/pipeline/registrations.ts'
import type { RegisteredDevices } from '../../ingest/registered-devices.ts'
import { createIdTable, type IdTable } from '../../ingest/watch/id-table.ts'

/** A registry that knows no device and a ledger that has heard none. */
const emptyDirectory: DeviceDirectory = {
  periods: async () => new Map(),
  changedDevices: async () => undefined,
  seen: async () => new Set(),
  unregisteredSeen: async () => new Map(),
}

/** A registry that maps no topic and no address. */
export const nothingMapped: ForeignDirectory = {
  topics: async () => new Map(),
  addresses: async () => new Map(),
}

/** Nothing of the registry in memory: the ledger is asked for every device. */
export const nothingHeld = (devices: IdTable = createIdTable()): RegisteredDevices => ({
  devices,
  gateways: createIdTable(),
  version: () => 0,
  changedIn: () => 0,
  onlyGateway: () => -1,
  periods: () => [],
})

export function makeDecoder(
  directory: DeviceDirectory = emptyDirectory,
  foreign: ForeignDirectory = nothingMapped,
): BlockDecoder {
  return new BlockDecoder(new DeviceJudge(directory, nothingHeld()), new ForeignBook(foreign))
}

export interface SentPayload {
  readonly gateway?: string
  readonly topic: string
  readonly payload: string | Uint8Array
  readonly receivedAt: number
  readonly registryVersion?: number
  readonly retain?: boolean
}

/** Payloads as a stretch of the journal. */
export function stretchOf(sent: readonly SentPayload[]): JournalStretch {
  const size = sent.reduce((sum, { payload, topic }) => sum + Buffer.byteLength(payload) + 3 * topic.length + 200, 0)
  const bytes = Buffer.alloc(size)
  const ends: number[] = []
  let end = 0
  for (const { gateway = 'G-1', topic, payload, receivedAt, registryVersion = 0, retain = false } of sent) {
    const delivery = {
      gateway,
      topic,
      payload: Buffer.from(payload),
      qos: 1 as const,
      dup: false,
      retain,
      packetId: 1,
      receivedAt,
    }
    end = encodeDelivery(
      bytes,
      end,
      delivery,
      { repeat: false, registryVersion, quarantineId: 0, heldMs: 0, groupStart: false },
      0,
    )
    ends.push(end)
  }
  return { from: 0, to: end, bytes, ends, positions: [0, ...ends.slice(0, -1)] }
}

/** Readings of a block as rows that a person can read. */
export function rowsOf(block: DecodedBlock) {
  const { readings } = block
  return Array.from({ length: readings.count }, (_, row) => ({
    device: readings.deviceIds.at(readings.device[row] ?? -1),
    metric: metricNameByCode[readings.metric[row] ?? -1],
    at: readings.at[row],
    value: readings.value[row],
    quality: qualityNameByCode[readings.quality[row] ?? -1],
  }))
}
