import { join } from 'node:path'
import type { Ledger } from '#store/ledger/database.ts'
import { readVersion } from '#store/ledger/ledger-version.ts'
import { quarantineDeliveries } from '#store/ledger/quarantine.ts'
import type { TelemetryStore } from '#store/telemetry/telemetry-store.ts'
import type { RejectedDelivery } from '../decoded-block.ts'
import type { JournalReader } from '../journal/reader.ts'
import type { IdTable } from '../watch/id-table.ts'
import { BlockDecoder, type PipelineBlock } from './block-decoder.ts'
import { type BlockSource, createBlockSource } from './block-source.ts'
import { DeviceJudge } from './device-judge.ts'
import { ForeignBook } from './foreign-book.ts'
import { gatewayTeller } from './gateway-errors.ts'
import type { HandOver } from './hand-over.ts'
import { ledgerDirectory } from './ledger-directory.ts'
import { ledgerMappings } from './ledger-mappings.ts'
import type { FromPipeline, ToPipeline } from './messages.ts'
import { openQuarantineReader } from './quarantine-reader.ts'
import { type OpenReader, type PipelineLog, type ReaderLoop, startReader } from './reader-loop.ts'
import { createReplays } from './replays.ts'
import { SparkplugBook } from './sparkplug-book.ts'
import { sparkplugFileAt } from './sparkplug-file.ts'
import { openTelemetryReader } from './telemetry-reader.ts'
import { openWatchReader, type WatchKeeper } from './watch-reader.ts'

/** Figures for people and for the release of segments; more often would only cost. */
const progressMs = 100
/** How soon a change of the registry, or a request to send again, is seen. */
const ledgerPollMs = 500

export interface PipelineOptions {
  readonly ledger: Ledger
  openTelemetry(): Promise<Pick<TelemetryStore, 'append' | 'progress' | 'check' | 'close'>>
  /** `devices`: the table that readings were numbered by until now, where the watch is opened again. */
  openWatch(devices?: IdTable): Promise<WatchKeeper>
  /** Where several workers share the city. */
  readonly handOver?: HandOver
  /** Name under which the ledger keeps the position of the quarantine reader. */
  readonly quarantineReaderName?: string
  /** All readers begin together, where the furthest of them is. */
  readonly journalIsNew?: boolean
  openJournal(directory: string, durableEnd: SharedArrayBuffer): JournalReader
  tell(message: FromPipeline): void
  readonly log: PipelineLog
}

/** Everything between the durable journal and the stores, in the thread that calls it. */
export interface Pipeline {
  /** Handles a message from the edge's main thread; resolves when it is done with. */
  handle(message: ToPipeline): Promise<void>
}

type ChangeOfHands = Extract<ToPipeline, { type: 'giveAway' | 'takeIn' }>

const readerNames = ['quarantine', 'telemetry', 'watch'] as const
type ReaderName = (typeof readerNames)[number]

/** Opens the stores and tells how far they are; the readers begin when the journal is there. */
export async function openPipeline(options: PipelineOptions): Promise<Pipeline> {
  const { ledger, log, tell, handOver, quarantineReaderName } = options
  const firstKeeper = await options.openWatch()
  const judge = new DeviceJudge(ledgerDirectory(ledger.db), firstKeeper.registered)
  const foreign = new ForeignBook(ledgerMappings(ledger.db))
  const teller = gatewayTeller((gateway, message) => tell({ type: 'gatewayErrors', gateway, message }))
  const replays = createReplays(ledger.db, (deliveries) => tell({ type: 'sendAgain', deliveries }), handOver?.isOurs)
  let loops: Record<ReaderName, ReaderLoop> | undefined
  let blocks: BlockSource | undefined
  let journal: JournalReader | undefined
  let sparkplug: SparkplugBook | undefined
  let registryVersion = await readVersion(ledger.db, 'registry')
  let progressTimer: NodeJS.Timeout | undefined
  let pollTimer: NodeJS.Timeout | undefined
  let stopping = false
  /** Told once when it no longer does: it is asked twice a second. */
  let ledgerAnswers = true

  async function quarantined(position: number): Promise<void> {
    const quarantine = loops?.quarantine
    await quarantine?.saved(position)
    if (quarantine && quarantine.savedPosition() < position) throw new Error('The quarantine is not as far')
  }

  const introduced = (block: PipelineBlock) => quarantined(block.to)

  /** A delivery is kept verbatim by the quarantine reader first: what the store refused of it must not take its place. */
  async function quarantineRefused(refused: readonly RejectedDelivery[], position: number): Promise<void> {
    loops?.quarantine.hurry(position)
    await quarantined(position)
    await ledger.write((transaction) => quarantineDeliveries(transaction, refused))
    teller.tell(refused, performance.now())
  }

  async function openKeeperAgain(): Promise<WatchKeeper> {
    const keeper = await options.openWatch(judge.devices)
    judge.use(keeper.registered)
    return keeper
  }

  const watchReader = (openKeeper: () => Promise<WatchKeeper>) =>
    openWatchReader({
      ...{ openKeeper, introduced },
      onSignals: (head) => tell({ type: 'signals', head }),
      ...(handOver && { between: handOver.step }),
    })

  const openers: Record<ReaderName, () => Promise<OpenReader>> = {
    quarantine: () =>
      openQuarantineReader({
        ledger,
        ...(quarantineReaderName !== undefined && { readerName: quarantineReaderName }),
        noted: (devices) => judge.noted(devices),
        onQuarantined: (rejected) => teller.tell(rejected, performance.now()),
        onSentAgain: (ids) => replays.sent(ids),
      }),
    telemetry: () =>
      openTelemetryReader({ openStore: options.openTelemetry, introduced, quarantine: quarantineRefused }),
    watch: () => watchReader(openKeeperAgain),
  }
  const opened: Record<ReaderName, OpenReader> = {
    quarantine: await openers.quarantine(),
    telemetry: await openers.telemetry(),
    watch: await watchReader(async () => firstKeeper),
  }
  judge.notedBefore(firstKeeper.heardBefore(opened.quarantine.savedPosition()))
  if (options.journalIsNew) await beginTogether()
  tell({ type: 'opened', neededFrom: readerNames.map((name) => opened[name].neededFrom()), registryVersion })

  /** Takes every reader over the gap to the furthest, durably: the journal that begins there has nothing before it. */
  async function beginTogether(): Promise<void> {
    const positions = readerNames.map((name) => opened[name].position)
    const to = Math.max(...positions, firstKeeper.committedPosition)
    const gap = { to, bytes: Buffer.alloc(0), ends: [], positions: [] }
    for (const name of readerNames) {
      const reader = opened[name]
      const from = reader.neededFrom()
      if (from === to) continue
      log.warn({ reader: name, from, to }, 'the journal is gone; what this reader still needed of it is lost')
      await reader.apply(await new BlockDecoder(judge, foreign).decode({ from: reader.position, ...gap }))
      await reader.save()
      // The watch writes all of its state when it closes.
      await reader.close()
      opened[name] = await openers[name]()
    }
  }

  function start(directory: string, durableEnd: SharedArrayBuffer): void {
    journal = options.openJournal(directory, durableEnd)
    // The positions by which it remembers are this journal's: where that goes, it goes.
    sparkplug = new SparkplugBook({
      file: sparkplugFileAt(join(directory, 'sparkplug.db')),
      command: (topic, payload) => tell({ type: 'command', topic, payload }),
    })
    const source = createBlockSource(journal, new BlockDecoder(judge, foreign, sparkplug))
    blocks = source
    const startOne = (name: ReaderName) =>
      startReader(opened[name], { name, blocks: source, open: openers[name], log, onProgress: progressed })
    loops = { quarantine: startOne('quarantine'), telemetry: startOne('telemetry'), watch: startOne('watch') }
    // A request may be older than a record in the journal that already grants it.
    void loops.quarantine.saved(journal.durableEnd()).then(poll)
    progressed()
  }

  function progressed(): void {
    progressTimer ??= setTimeout(tellProgress, progressMs)
  }

  function tellProgress(): void {
    progressTimer = undefined
    if (!loops) return
    const all = Object.values(loops)
    const counters: Record<string, number> = {}
    for (const loop of all) {
      for (const [name, value] of Object.entries(loop.counters())) counters[`${loop.name}_${name}`] = value
    }
    const releasePosition = Math.min(...all.map((loop) => loop.neededFrom()))
    forgetSparkplug(releasePosition)
    tell({
      type: 'progress',
      releasePosition,
      positions: Object.fromEntries(all.map((loop) => [loop.name, loop.savedPosition()])),
      counters: { ...counters, ...blocks?.counters(), ...sparkplug?.counters() },
      failing: all.flatMap((loop) => {
        const reason = loop.failure()
        return reason === undefined ? [] : [{ reader: loop.name, reason }]
      }),
    })
  }

  /** What is not forgotten now goes at the next turn: a disk that is full must not end the thread. */
  function forgetSparkplug(position: number): void {
    try {
      sparkplug?.release(position)
    } catch (error) {
      log.warn({ err: error }, 'old sessions of Sparkplug nodes could not be forgotten; they wait')
    }
  }

  /** Looks for what others wrote into the ledger. A ledger that does not answer is the readers' matter to report. */
  async function poll(): Promise<void> {
    try {
      const version = await readVersion(ledger.db, 'registry')
      if (version !== registryVersion) {
        registryVersion = version
        tell({ type: 'registryVersion', version })
      }
      await replays.look()
      ledgerAnswers = true
    } catch (error) {
      if (ledgerAnswers && !stopping) log.warn({ err: error }, 'the ledger does not answer')
      ledgerAnswers = false
    }
    if (!stopping) pollTimer = setTimeout(poll, ledgerPollMs)
  }

  async function settle(request: number, position: number): Promise<void> {
    await Promise.all(
      Object.values(loops ?? {}).map(async (loop) => {
        loop.hurry(position)
        await loop.saved(position)
      }),
    )
    tellProgress()
    tell({ type: 'settled', request })
  }

  /** What did not succeed is asked for again. */
  async function changeHands({ type, request, share }: ChangeOfHands): Promise<void> {
    try {
      if (!handOver) throw new Error('this pipeline shares the city with nobody')
      tell({ type: 'held', request, holding: await handOver[type](share) })
    } catch (error) {
      tell({ type: 'held', request, failure: (error as Error).message })
    }
  }

  async function stop(position: number, timeoutMs: number): Promise<void> {
    stopping = true
    clearTimeout(pollTimer)
    const deadlineMs = performance.now() + timeoutMs
    if (loops) await Promise.all(Object.values(loops).map((loop) => loop.stop(position, deadlineMs)))
    else for (const reader of Object.values(opened)) await reader.close()
    tellProgress()
    clearTimeout(progressTimer)
    await journal?.close()
    sparkplug?.close()
    await ledger.close()
    tell({ type: 'stopped' })
  }

  return {
    async handle(message) {
      if (message.type === 'start') start(message.journalDirectory, message.durableEnd)
      else if (message.type === 'settle') await settle(message.request, message.position)
      else if (message.type === 'giveAway' || message.type === 'takeIn') await changeHands(message)
      else if (message.type === 'notSentAgain') replays.failed(message.quarantineIds)
      else await stop(message.position, message.timeoutMs)
    },
  }
}
