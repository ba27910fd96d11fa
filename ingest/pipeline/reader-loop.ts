import type { PipelineBlock } from './block-decoder.ts'
import type { BlockSource } from './block-source.ts'

/** A reader of the journal with its store open: what it has taken may still be unsaved. */
export interface OpenReader {
  /** Position of the first record that it has not taken. */
  readonly position: number
  /** Takes a block that begins at `position`. */
  apply(block: PipelineBlock): Promise<void>
  /** Real time (performance.now()) by which `save` is due; undefined while everything is saved. */
  saveDueMs(): number | undefined
  /** Makes everything that it took durable. */
  save(): Promise<void>
  /** The effect of everything before this position is durable. */
  savedPosition(): number
  /** First position that a restart would read, to rebuild what only memory holds. */
  neededFrom(): number
  counters(): Record<string, number>
  close(): Promise<void>
}

export interface PipelineLog {
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

interface ReaderLoopOptions {
  readonly name: string
  readonly blocks: BlockSource
  /** Opens the store and continues from what it holds. */
  open(): Promise<OpenReader>
  readonly log: PipelineLog
  /** Called after blocks were taken or saved. */
  onProgress(): void
}

/** A reader that goes on for ever, from failure to failure if it must. */
export interface ReaderLoop {
  readonly name: string
  position(): number
  savedPosition(): number
  neededFrom(): number
  /** Why it waits, from a failure until something is saved again; undefined while all is well. */
  failure(): string | undefined
  counters(): Record<string, number>
  /** Resolves when everything before `position` is durable, or when the loop has stopped. */
  saved(position: number): Promise<void>
  /** Asks for a save as soon as everything before `position` is taken. */
  hurry(position: number): void
  /** Takes what is durable up to `position`, or what it can until the time is over, saves and closes. */
  stop(position: number, deadlineMs: number): Promise<void>
}

/** A disk that is full, or a server that is away, stays so for a while: asking again and again helps nobody. */
const retryMsMin = 250
/** How late at most readings, alerts and quarantine go on when the store is there again. */
const retryMsMax = 10_000
/** How long to wait for the journal before looking at what else is due. */
const idleMsMax = 1_000

export function startReader(first: OpenReader, options: ReaderLoopOptions): ReaderLoop {
  const { name, blocks, log, onProgress } = options
  let reader: OpenReader = first
  let failures = 0
  let failure: string | undefined
  let retryMs = retryMsMin
  let hurriedTo = -1
  let stopAt: { position: number; deadlineMs: number } | undefined
  let waiting: { position: number; resolve(): void }[] = []
  let wakeFromRetry: (() => void) | undefined
  /** True between a failure and the next opening: the reader's own figures are not to be trusted. */
  let broken = false
  let savedBeforeFailure = first.savedPosition()
  let neededBeforeFailure = first.neededFrom()

  const savedPosition = () => (broken ? savedBeforeFailure : reader.savedPosition())

  function progressed(): void {
    const saved = savedPosition()
    if (saved > savedBeforeFailure) {
      failure = undefined
      retryMs = retryMsMin
    }
    for (const one of waiting) if (one.position <= saved) one.resolve()
    waiting = waiting.filter((one) => one.position > saved)
    onProgress()
  }

  const isOver = () =>
    stopAt !== undefined && (reader.position >= stopAt.position || performance.now() >= stopAt.deadlineMs)

  async function step(): Promise<void> {
    const now = performance.now()
    const hurried = hurriedTo > reader.savedPosition()
    const dueMs = hurried && reader.position >= hurriedTo ? now : reader.saveDueMs()
    const untilMs = stopAt ? now : Math.min(dueMs ?? Number.POSITIVE_INFINITY, now + idleMsMax)
    const block = await blocks.next(reader.position, untilMs)
    if (block) await reader.apply(block)
    const isDue = dueMs !== undefined && performance.now() >= dueMs
    if (isDue) await reader.save()
    if (block || isDue) progressed()
  }

  async function reopen(error: unknown): Promise<void> {
    if (!broken) {
      savedBeforeFailure = reader.savedPosition()
      neededBeforeFailure = reader.neededFrom()
    }
    broken = true
    failures++
    failure = error instanceof Error ? error.message : String(error)
    log.error({ err: error, reader: name, failures }, `the ${name} reader failed; it is opened again`)
    await reader.close().catch((closing) => log.warn({ err: closing, reader: name }, 'closing failed as well'))
    onProgress()
    while (!stopAt) {
      // Readers of many edges must not all come back to a server in the moment in which it starts.
      const delayMs = retryMs * (0.5 + Math.random() / 2)
      retryMs = Math.min(retryMsMax, retryMs * 2)
      await new Promise<void>((resolve) => {
        wakeFromRetry = resolve
        setTimeout(resolve, delayMs)
      })
      try {
        reader = await options.open()
        broken = false
        return
      } catch (reason) {
        log.error({ err: reason, reader: name, delayMs }, `the ${name} reader cannot be opened`)
      }
    }
  }

  async function run(): Promise<void> {
    while (!isOver() && !(broken && stopAt)) {
      try {
        await step()
        // Lets the other readers have their turn when this one has much to do.
        await new Promise((resolve) => setImmediate(resolve))
      } catch (error) {
        await reopen(error)
      }
    }
    if (!broken) await saveAtTheEnd()
    for (const one of waiting) one.resolve()
  }

  /** What cannot be saved now is in the journal, and the next start reads it. */
  async function saveAtTheEnd(): Promise<void> {
    try {
      await reader.save()
      progressed()
    } catch (error) {
      log.error({ err: error, reader: name }, `the ${name} reader could not save at the end`)
    }
    await reader.close()
  }

  const finished = run()
  return {
    name,
    position: () => (broken ? savedBeforeFailure : reader.position),
    savedPosition,
    neededFrom: () => (broken ? neededBeforeFailure : reader.neededFrom()),
    failure: () => failure,
    counters: () => ({ ...reader.counters(), failures }),
    saved: (position) =>
      savedPosition() >= position
        ? Promise.resolve()
        : new Promise((resolve) => {
            waiting.push({ position, resolve })
          }),
    hurry(position) {
      hurriedTo = Math.max(hurriedTo, position)
      blocks.wake()
    },
    async stop(position, deadlineMs) {
      stopAt = { position, deadlineMs }
      wakeFromRetry?.()
      blocks.wake()
      await finished
    },
  }
}
