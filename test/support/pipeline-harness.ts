import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Delivery } from '#domain/delivery.ts'
import { type Ledger, openLedger } from '#store/ledger/database.ts'
import { openSqliteTelemetry } from '#store/telemetry/sqlite/store.ts'
import type { TelemetryStore } from '#store/telemetry/telemetry-store.ts'
import type { DecodedBlock } from '../../ingest/decoded-block.ts'
import { type Journal, openJournal } from '../../ingest/journal/journal.ts'
import { openJournalReader } from '../../ingest/journal/reader.ts'
import type { FromPipeline, ToPipeline } from '../../ingest/pipeline/messages.ts'
import { openPipeline, type PipelineOptions } from '../../ingest/pipeline/pipeline.ts'
import type { WatchKeeper } from '../../ingest/pipeline/watch-reader.ts'
import { nothingHeld } from './decoded-delivery.ts'

/** What outlives a crash: the folder, and how far the watch of the test has come. */
export interface PipelineWorld {
  readonly directory: string
  readonly ledger: Ledger
  readonly watched: DecodedBlock[]
  watchPosition: number
  remove(): Promise<void>
}

export async function makeWorld(): Promise<PipelineWorld> {
  const directory = await mkdtemp(join(tmpdir(), 'warmcity-pipeline-'))
  const ledger = await openLedger(join(directory, 'ledger.db'))
  return {
    directory,
    ledger,
    watched: [],
    watchPosition: 0,
    async remove() {
      await ledger.close()
      await rm(directory, { recursive: true })
    },
  }
}

export type PipelineStore = Pick<TelemetryStore, 'append' | 'progress' | 'check' | 'close'>

export interface RunningPipeline {
  readonly journal: Journal
  readonly messages: FromPipeline[]
  accept(delivery: Partial<Omit<Delivery, 'payload'>> & { readonly payload: string | Uint8Array }): Promise<void>
  /** Resolves when the effects of everything accepted so far are durable. */
  settle(): Promise<void>
  /** Newest figures, by reader and name. */
  counters(): Record<string, number>
  messagesOf<T extends FromPipeline['type']>(type: T): Extract<FromPipeline, { type: T }>[]
  handle(message: ToPipeline): Promise<void>
  /** Stops in order, as Ctrl-C does. */
  stop(): Promise<void>
}

interface Changes {
  readonly openTelemetry?: (open: () => Promise<PipelineStore>) => Promise<PipelineStore>
  readonly watch?: Partial<WatchKeeper>
  readonly segmentBytes?: number
}

/** How long a delivery lies in quarantine here before it is sent through again. */
export const heldMs = 86_400_000

/** A journal and a pipeline over it in this thread, with real stores and a watch that only remembers. */
export async function startPipeline(world: PipelineWorld, changes: Changes = {}): Promise<RunningPipeline> {
  const messages: FromPipeline[] = []
  const openStore = () => openSqliteTelemetry({ directory: join(world.directory, 'telemetry') })
  const settled = new Map<number, () => void>()
  let journal: Journal | undefined
  const options: PipelineOptions = {
    // The test looks into the ledger after the pipeline has closed its own connection.
    ledger: await openLedger(join(world.directory, 'ledger.db')),
    openTelemetry: () => (changes.openTelemetry ? changes.openTelemetry(openStore) : openStore()),
    openWatch: async (devices) => ({
      registered: nothingHeld(devices),
      heardBefore: () => new Uint8Array(),
      get position() {
        return world.watchPosition
      },
      get committedPosition() {
        return world.watchPosition
      },
      get replayPosition() {
        return world.watchPosition
      },
      async apply(block) {
        world.watched.push(block)
        world.watchPosition = block.to
        return { signals: [] }
      },
      packGateways: () => new Map(),
      takeGateways: async () => {},
      forgetOthers: async () => {},
      counters: () => ({}),
      close: async () => {},
      ...changes.watch,
    }),
    openJournal: (directory, durableEnd) => openJournalReader({ directory, durableEnd }),
    tell(message) {
      messages.push(message)
      if (message.type === 'settled') settled.get(message.request)?.()
      if (message.type === 'progress') journal?.release(message.releasePosition)
      if (message.type === 'registryVersion') journal?.setRegistryVersion(message.version)
      if (message.type === 'sendAgain') {
        for (const { delivery, quarantineId } of message.deliveries)
          journal?.acceptAgain(delivery, quarantineId, delivery.receivedAt + heldMs, () => {})
      }
    },
    log: { info: () => {}, warn: () => {}, error: () => {} },
  }
  const pipeline = await openPipeline(options)
  const directory = join(world.directory, 'journal')
  const opened = messages[0]
  const neededFrom = opened?.type === 'opened' ? opened.neededFrom : []
  const running = await openJournal({
    directory,
    segmentBytes: changes.segmentBytes,
    repeatBytes: changes.segmentBytes,
    startAt: Math.max(...neededFrom),
    repeatEntries: 1024,
  })
  journal = running
  if (opened?.type === 'opened') journal.setRegistryVersion(opened.registryVersion)
  await pipeline.handle({
    type: 'start',
    journalDirectory: directory,
    durableEnd: journal.durableEnd.shared,
  })
  let packetId = 0
  let requests = 0

  return {
    journal: running,
    messages,
    accept: (delivery) =>
      new Promise((resolve, reject) => {
        const whole: Delivery = {
          gateway: 'GW-nangang',
          topic: 'heating/v1/GW-nangang/readings',
          qos: 1,
          dup: false,
          retain: false,
          packetId: ++packetId,
          receivedAt: receivedAt + packetId,
          ...delivery,
          payload: Buffer.from(delivery.payload),
        }
        running.accept(whole, (error) => (error ? reject(error) : resolve()))
      }),
    async settle() {
      await running.synced()
      const request = ++requests
      const done = new Promise<void>((resolve) => {
        settled.set(request, resolve)
      })
      await pipeline.handle({ type: 'settle', request, position: running.durableEnd.get() })
      await done
    },
    counters: () => messages.findLast((message) => message.type === 'progress')?.counters ?? {},
    messagesOf: (type) =>
      messages.filter((message): message is Extract<FromPipeline, { type: typeof type }> => message.type === type),
    handle: (message) => pipeline.handle(message),
    async stop() {
      await running.close()
      await pipeline.handle({ type: 'stop', position: running.durableEnd.get(), timeoutMs: 5_000 })
    },
  }
}

export const receivedAt = Date.parse('2026-01-15T08:00:00+08:00')
