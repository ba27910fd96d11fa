import { join } from 'node:path'
import { parentPort, workerData } from 'node:worker_threads'
import { openLedger } from '#store/ledger/database.ts'
import { openInfluxRollUps } from '#store/telemetry/influx/roll-ups.ts'
import { openInfluxTelemetry } from '#store/telemetry/influx/store.ts'
import { openSqliteRollUps } from '#store/telemetry/sqlite/roll-ups.ts'
import { openSqliteTelemetry } from '#store/telemetry/sqlite/store.ts'
import type { TelemetryStore } from '#store/telemetry/telemetry-store.ts'
import { openJournalReader } from '../journal/reader.ts'
import { openRollUps, type WatchedCity } from '../roll-ups/roll-ups.ts'
import { openWatchKeeper } from '../watch/keeper.ts'
import { startStaleDaysRounds } from '../watch/stale-days-rounds.ts'
import { createHandOver } from './hand-over.ts'
import type { FromPipeline, PipelineWorkerData, ToPipeline } from './messages.ts'
import { openPipeline } from './pipeline.ts'
import type { PipelineLog } from './reader-loop.ts'

/** The thread that may block: it decodes the journal and writes the stores. */
if (parentPort === null) throw new Error('This module is the pipeline worker; start it as one')
const port = parentPort
const {
  ledger: ledgerTarget,
  telemetry,
  watchDirectory,
  policy,
  holding,
  sharesCity,
  journalIsNew,
} = workerData as PipelineWorkerData
let telemetryPosition: number | undefined
const tell = (message: FromPipeline) => {
  if (message.type === 'progress') telemetryPosition = message.positions.telemetry
  port.postMessage(message)
}

const logAt = (level: keyof PipelineLog) => (fields: object, message: string) => {
  // An Error loses its code and cause on the way to another thread; its text is what a person needs.
  const plain = Object.entries(fields).map(([name, value]) => [name, value instanceof Error ? errorText(value) : value])
  tell({ type: 'log', level, fields: Object.fromEntries(plain), message })
}
const log: PipelineLog = { info: logAt('info'), warn: logAt('warn'), error: logAt('error') }

function errorText(error: Error): string {
  const code = 'code' in error ? ` [${String(error.code)}]` : ''
  const cause = error.cause instanceof Error ? `; caused by ${errorText(error.cause)}` : ''
  return `${error.stack ?? error.message}${code}${cause}`
}

const ledger = await openLedger(ledgerTarget)
const rollUpStore = telemetry.influx
  ? openInfluxRollUps({ target: telemetry.influx })
  : openSqliteRollUps({ directory: telemetry.directory })
const openLiveRollUps = (city: WatchedCity) =>
  openRollUps(
    {
      db: ledger.db,
      directory: join(watchDirectory, 'roll-ups'),
      store: rollUpStore,
      policy,
      log,
    },
    city,
  )
const handOver = holding && createHandOver({ ledger, holding })
/** Each worker reads a journal of its own; the first keeps the names that it had when it was alone. */
const readerName = (name: string) => (holding && holding.worker > 1 ? `${name}-${holding.worker}` : name)
/** As it was opened last: it also answers for days with late readings, so that its names are in memory once. */
let store: TelemetryStore | undefined
const pipeline = await openPipeline({
  ledger,
  quarantineReaderName: readerName('quarantine'),
  ...(handOver && { handOver }),
  ...(journalIsNew !== undefined && { journalIsNew }),
  async openTelemetry() {
    store = telemetry.influx
      ? await openInfluxTelemetry({ directory: telemetry.directory, target: telemetry.influx })
      : await openSqliteTelemetry({ ...telemetry, warn: (message) => log.warn({}, message) })
    return store
  },
  openWatch: (devices) =>
    openWatchKeeper({
      ledger,
      directory: watchDirectory,
      policy,
      log,
      readerName: readerName('watch'),
      ...(handOver && { isOurs: handOver.isOurs }),
      // A building's figures need all of its homes, and several workers may each have some.
      ...(sharesCity !== true && { openRollUps: openLiveRollUps }),
      ...(devices && { devices }),
    }),
  openJournal: (directory, durableEnd) => openJournalReader({ directory, durableEnd }),
  tell,
  log,
})

const staleDays = startStaleDaysRounds({
  ledger,
  telemetry: {
    async readings(...wanted) {
      if (!store) throw new Error('The telemetry store is not open')
      return store.readings(...wanted)
    },
  },
  policy,
  appliedTo: () => telemetryPosition,
  ...(handOver && { isOurs: handOver.isOurs }),
  log,
})

port.on('message', async (message: ToPipeline) => {
  if (message.type === 'stop') await staleDays.close()
  // A rejection is not caught: it ends the worker with its reason, and the edge with it.
  await pipeline.handle(message)
  if (message.type !== 'stop') return
  await rollUpStore.close()
  port.close()
})
