import { z } from 'zod'
import { type Option, positiveInteger } from '../../commands/options.ts'
import { optionsOrExit } from '../support/command-line.ts'
import { runMosquittoOutage } from './outage-mosquitto.ts'
import { type OutageResult, runOutage, type Stretch } from './outage-run.ts'
import { diskToFill, influxdbToStop, postgresqlToStop } from './outage-servers.ts'

/** Nothing can come meanwhile, so that a longer one would show nothing more. */
const cutOffSecondsMax = 20

/** A PUBACK waits for the disk and, when a day is over, for the next to begin; no server has a part in it. */
const ackGapMsMax = 5_000

/** Proves that an outage of what is not ours costs no reading, no PUBACK and no alert. */
const options = {
  seconds: {
    env: 'WARMCITY_OUTAGE_SECONDS',
    default: 120,
    schema: positiveInteger('the outage in seconds', 86_400),
    help: 'how long it is away; Mosquitto and the disk, without which nothing can come, at most 20 seconds',
  } satisfies Option<number>,
  engines: {
    env: 'WARMCITY_OUTAGE_ENGINES',
    default: 'influxdb,postgresql,mosquitto,disk',
    schema: z.string().min(1),
    placeholder: 'NAMES',
    help: 'what is stopped, one after the other',
  } satisfies Option<string>,
}

const { seconds, engines } = optionsOrExit(options)
const proofs: Readonly<Record<string, () => Promise<boolean>>> = {
  influxdb: influxdbOutage,
  postgresql: postgresqlOutage,
  disk: diskOutage,
  mosquitto: async () => (await mosquittoOutage('SIGTERM')) && (await mosquittoOutage('SIGKILL')),
}
for (const engine of engines.split(',')) {
  const proof = proofs[engine]
  if (proof === undefined) throw new Error(`There is no proof for ${engine}: ${Object.keys(proofs).join(', ')}`)
  if (!(await proof())) process.exitCode = 1
}

async function influxdbOutage(): Promise<boolean> {
  const result = await runOutage(seconds, await influxdbToStop())
  const isSound = printed('InfluxDB', seconds, result) && acksWentOn(result.outage)
  const silent = result.outage.signals === 0
  if (silent) console.log('signals stopped during the outage')
  return isSound && !silent
}

async function postgresqlOutage(): Promise<boolean> {
  const server = await postgresqlToStop()
  const result = await runOutage(seconds, server)
  const isSound = printed(`PostgreSQL ${server.version}`, seconds, result) && acksWentOn(result.outage)
  console.log(`signals waited, and went on ${result.firstSignalSeconds.toFixed(1)} s after PostgreSQL came back`)
  return isSound && result.after.signals > 0
}

/** Everything lies on it: acks are withheld, and nothing ends. */
async function diskOutage(): Promise<boolean> {
  const disk = await diskToFill()
  if (disk === undefined) {
    console.log('SKIPPED: a disk to fill needs the right to mount one')
    return true
  }
  const awaySeconds = Math.min(seconds, cutOffSecondsMax)
  const result = await runOutage(awaySeconds, disk)
  return printed('A disk without room', awaySeconds, result) && result.after.ackedMessages > 0
}

/** Prints what an outage did; true where nothing was lost, nothing came twice, and everybody was told. */
function printed(name: string, awaySeconds: number, result: OutageResult): boolean {
  const { audit, told, before, outage, after, drainSeconds } = result
  console.log(`${name}, ${awaySeconds} s away`)
  for (const [name, stretch] of Object.entries({ before, outage, after })) console.log(`${name}: ${described(stretch)}`)
  console.log(`everything stored ${drainSeconds.toFixed(0)} s after it came back`)
  const { acked, stored, missing, duplicated, findings } = audit
  console.log(`acked ${acked}, stored ${stored}, missing ${missing}, duplicated ${duplicated}`)
  for (const finding of findings) console.log(`  ${finding}`)
  console.log(
    `alerts ${told.alerts}; people not told of ${told.missing}, told twice of ${told.doubled}, again under the same id of ${told.repeated}`,
  )
  return missing + duplicated + told.missing + told.doubled === 0 && told.alerts > 0
}

function acksWentOn({ ackGapMsMax: gap, ackedMessages }: Stretch): boolean {
  const stopped = gap > ackGapMsMax || ackedMessages === 0
  if (stopped) console.log('PUBACKs stopped during the outage')
  return !stopped
}

async function mosquittoOutage(signal: 'SIGTERM' | 'SIGKILL'): Promise<boolean> {
  const outageSeconds = Math.min(seconds, cutOffSecondsMax)
  const result = await runMosquittoOutage({ signal, outageSeconds })
  const { acked, handed, missing, duplicated, lostByMosquitto: lost, handedTwice, resent } = result
  console.log(`Mosquitto, ${outageSeconds} s away after ${signal}, the edge killed once after that`)
  console.log(`Mosquitto acked ${acked}, handed over ${handed}; of these missing ${missing}, duplicated ${duplicated}`)
  console.log(`sent to us again because our ack did not arrive: ${resent}; handed over twice as new: ${handedTwice}`)
  const isStopped = signal === 'SIGTERM'
  console.log(
    `acked and lost by Mosquitto itself: ${lost}${isStopped ? '; stopped in order it must lose nothing' : ''}`,
  )
  return missing === 0 && duplicated === 0 && handed > 0 && (!isStopped || lost === 0)
}

function described({ seconds, ackedMessages, ackGapMsMax: gap, signals, rssMbMax }: Stretch): string {
  const perSecond = Math.round(ackedMessages / seconds)
  return `${perSecond} messages acked a second, at most ${Math.round(gap)} ms between PUBACKs, ${signals} signals, edge at most ${Math.round(rssMbMax)} MB`
}
