import { Worker } from 'node:worker_threads'
import type { DeliverySink } from '#domain/delivery.ts'
import type { WorkerHolding, WorkerShare } from '#domain/gateway-share.ts'
import type { Clock, ClockAnchor } from '#domain/time.ts'
import { type Journal, type JournalOptions, openJournal } from './journal/journal.ts'
import { JournalError } from './journal/journal-error.ts'
import { hasJournal } from './journal/recovery.ts'
import type { GatewayErrors } from './pipeline/gateway-errors.ts'
import type { DeliveryToSendAgain, FromPipeline, PipelineWorkerData, ToPipeline } from './pipeline/messages.ts'
import type { PipelineLog } from './pipeline/reader-loop.ts'
import { startTicks } from './ticks.ts'

/** How long a stop waits for the stores to take what is journaled; what is left is read at the next start. */
const drainMs = 10_000

export interface IngestOptions extends PipelineWorkerData {
  readonly journal: Pick<JournalOptions, 'directory' | 'segmentBytes' | 'sizeBytesMax'>
  /** City time; while history fills in, its anchor says so. */
  readonly clock: Clock & { anchor(): Pick<ClockAnchor, 'catchingUp' | 'speed'> }
  /** For how long nothing can come because the source is away; 0 while it is there. */
  sourceAwayMs?(): number
  /** What a gateway is to be told on its errors topic. */
  onGatewayErrors(gateway: string, message: GatewayErrors): void
  /** A command of a foreign format, such as Sparkplug's for a rebirth; where it cannot be published, nobody is asked. */
  onCommand?(topic: string, payload: Uint8Array): void
  /** The stream of signals has grown up to this number. */
  onSignals(head: number): void
  /** Nothing more can be kept, or read: the edge must stop. */
  onFailure(error: Error): void
  readonly log: PipelineLog
}

/** Takes deliveries, and makes readings, flags and quarantine of them. */
export interface Ingest {
  readonly sink: DeliverySink
  /** The clock was stepped or its speed changed: the journal is told at once. */
  clockMoved(): void
  counters(): Record<string, number>
  /** Why not everything works, for the readiness probe; empty where it does. */
  notReady(): string[]
  /** Resolves when the effects of everything accepted so far are durable. */
  settled(): Promise<void>
  /** Gives away, or takes in, gateways where several workers share the city; resolves with what we have then. */
  changeHands(type: 'giveAway' | 'takeIn', share: WorkerShare): Promise<WorkerHolding>
  /** Makes what was accepted durable, lets the stores take it, and ends. Call it when nothing more comes in. */
  stop(): Promise<void>
}

/** Opens stores and journal and starts the pipeline. Resolves when deliveries can be accepted. */
export async function startIngest(options: IngestOptions): Promise<Ingest> {
  const { ledger, telemetry, watchDirectory, policy, holding, sharesCity, log, onFailure } = options
  const journalIsNew = !(await hasJournal(options.journal.directory))
  const pipeline = startPipelineWorker(
    {
      ...{ ledger, telemetry, watchDirectory, policy, journalIsNew },
      ...(holding && { holding }),
      ...(sharesCity !== undefined && { sharesCity }),
    },
    onFailure,
  )
  // Stores have something to say while they are opened, too.
  pipeline.onMessage((message) => {
    if (message.type === 'log') log[message.level](message.fields, message.message)
  })
  let journal: Journal | undefined
  try {
    const opened = await pipeline.opened
    journal = await openJournal({
      ...options.journal,
      startAt: Math.max(...opened.neededFrom),
      onFailure,
    })
    checkPositions(journal, opened.neededFrom)
    journal.setRegistryVersion(opened.registryVersion)
    const { tornBytes } = journal.counters()
    if (tornBytes > 0) log.warn({ tornBytes }, 'the journal ended in an unfinished write, none of which was acked')
    const ingest = runIngest(options, journal, pipeline)
    pipeline.tell({
      type: 'start',
      journalDirectory: options.journal.directory,
      durableEnd: journal.durableEnd.shared,
    })
    return ingest
  } catch (error) {
    await journal?.close()
    await pipeline.terminate()
    throw error
  }
}

/** A reader must find everything it has not yet read, and must not wait for positions that belong to other records. */
function checkPositions(journal: Journal, positions: readonly number[]): void {
  const [start, end] = [journal.start(), journal.durableEnd.get()]
  const outside = positions.find((position) => position > end || (position < start && start !== end))
  if (outside === undefined) return
  throw new JournalError(
    'journal_not_of_readers',
    `The journal holds positions ${start} to ${end}, but a store was read up to ${outside}: they do not belong ` +
      'together. Restore journal, telemetry and ledger of one time, or move the journal folder away to begin a new one.',
  )
}

function runIngest(options: IngestOptions, journal: Journal, pipeline: PipelineWorker): Ingest {
  const { clock } = options
  let progress: Extract<FromPipeline, { type: 'progress' }> | undefined
  const settling = new Map<number, () => void>()
  const changing = new Map<number, (message: Extract<FromPipeline, { type: 'held' }>) => void>()
  const stopped = Promise.withResolvers<void>()
  let requests = 0

  const ticks = startTicks({ journal, clock, sourceAwayMs: () => options.sourceAwayMs?.() ?? 0 })
  const sink: DeliverySink = {
    accept(delivery, accepted) {
      ticks.beforeDelivery(delivery.receivedAt)
      journal.accept(delivery, accepted)
    },
  }

  function sendAgain(deliveries: readonly DeliveryToSendAgain[]): void {
    ticks.beforeDelivery(clock.now())
    for (const { quarantineId, delivery } of deliveries) {
      journal.acceptAgain(delivery, quarantineId, clock.now(), (error) => {
        if (error) pipeline.tell({ type: 'notSentAgain', quarantineIds: [quarantineId] })
      })
    }
  }

  pipeline.onMessage((message) => {
    if (message.type === 'progress') {
      progress = message
      journal.release(message.releasePosition)
    } else if (message.type === 'registryVersion') journal.setRegistryVersion(message.version)
    else if (message.type === 'gatewayErrors') options.onGatewayErrors(message.gateway, message.message)
    else if (message.type === 'command') options.onCommand?.(message.topic, message.payload)
    else if (message.type === 'signals') options.onSignals(message.head)
    else if (message.type === 'sendAgain') sendAgain(message.deliveries)
    else if (message.type === 'settled') settling.get(message.request)?.()
    else if (message.type === 'held') changing.get(message.request)?.(message)
    else if (message.type === 'stopped') stopped.resolve()
  })

  return {
    sink,
    clockMoved: ticks.clockMoved,
    counters: () => ({ ...journalCounters(journal), ...progress?.counters, ...lags(journal, progress?.positions) }),
    notReady() {
      const reasons = (progress?.failing ?? []).map(
        ({ reader, reason }) => `the ${reader} reader waits after a failure: ${reason}`,
      )
      const { full, diskFull } = journal.counters()
      const why = diskFull ? 'its disk is full' : 'it is at its bound'
      if (full) reasons.push(`the journal has no room, because ${why}: acks are withheld until there is some`)
      return reasons
    },
    async settled() {
      await journal.synced()
      const request = ++requests
      await new Promise<void>((resolve) => {
        settling.set(request, resolve)
        pipeline.tell({ type: 'settle', request, position: journal.durableEnd.get() })
      })
      settling.delete(request)
    },
    async changeHands(type, share) {
      const request = ++requests
      const { holding, failure } = await new Promise<Extract<FromPipeline, { type: 'held' }>>((resolve) => {
        changing.set(request, resolve)
        pipeline.tell({ type, request, share })
      })
      changing.delete(request)
      if (!holding) throw new Error(failure)
      return holding
    },
    async stop() {
      ticks.stop()
      await journal.close()
      pipeline.expectEnd()
      pipeline.tell({ type: 'stop', position: journal.durableEnd.get(), timeoutMs: drainMs })
      // A thread that ends in the middle of its work says nothing any more.
      await Promise.race([stopped.promise, pipeline.ended])
      await pipeline.ended
    },
  }
}

function journalCounters(journal: Journal): Record<string, number> {
  return Object.fromEntries(
    Object.entries(journal.counters()).map(([name, value]) => [`journal_${name}`, Number(value)]),
  )
}

/** How much of what is durable each reader has still to bring to its store. */
function lags(journal: Journal, positions: Readonly<Record<string, number>> = {}): Record<string, number> {
  const end = journal.durableEnd.get()
  return Object.fromEntries(Object.entries(positions).map(([reader, at]) => [`${reader}_lagBytes`, end - at]))
}

interface PipelineWorker {
  readonly opened: Promise<Extract<FromPipeline, { type: 'opened' }>>
  readonly ended: Promise<void>
  tell(message: ToPipeline): void
  onMessage(listener: (message: FromPipeline) => void): void
  /** From now on the end of the thread is no failure. */
  expectEnd(): void
  terminate(): Promise<void>
}

function startPipelineWorker(workerData: PipelineWorkerData, onFailure: (error: Error) => void): PipelineWorker {
  const worker = new Worker(new URL('./pipeline/worker.ts', import.meta.url), { workerData, name: 'pipeline' })
  const opened = Promise.withResolvers<Extract<FromPipeline, { type: 'opened' }>>()
  const ended = Promise.withResolvers<void>()
  let expected = false
  let isOpen = false

  const fail = (error: Error) => {
    if (isOpen && !expected) onFailure(error)
    opened.reject(error)
  }
  worker.on('error', (error: Error) => fail(error))
  worker.on('exit', (code) => {
    if (!expected) fail(new Error(`The pipeline's thread ended with code ${code}`))
    ended.resolve()
  })
  worker.on('message', (message: FromPipeline) => {
    if (message.type !== 'opened') return
    isOpen = true
    opened.resolve(message)
  })
  return {
    opened: opened.promise,
    ended: ended.promise,
    tell: (message) => worker.postMessage(message),
    onMessage: (listener) => worker.on('message', listener),
    expectEnd() {
      expected = true
    },
    async terminate() {
      expected = true
      await worker.terminate()
    },
  }
}
