import { type Option, positiveInteger } from '../../commands/options.ts'
import { optionsOrExit } from '../support/command-line.ts'
import { runOutage, type Stretch } from './outage-run.ts'

/** Proves that an outage of InfluxDB costs no reading, no PUBACK and no alert. */
const options = {
  seconds: {
    env: 'WARMCITY_OUTAGE_SECONDS',
    default: 120,
    schema: positiveInteger('the outage in seconds', 86_400),
    help: 'how long InfluxDB is away',
  } satisfies Option<number>,
}

const { seconds } = optionsOrExit(options)
/** A PUBACK waits for the disk and, when a day is over, for the next to begin; InfluxDB has no part in it. */
const ackGapMsMax = 5_000

const { audit, before, outage, after, drainSeconds } = await runOutage(seconds)
for (const [name, stretch] of Object.entries({ before, outage, after })) console.log(`${name}: ${described(stretch)}`)
console.log(`everything stored ${drainSeconds.toFixed(0)} s after InfluxDB came back`)
const { acked, stored, missing, duplicated, findings } = audit
console.log(`acked ${acked}, stored ${stored}, missing ${missing}, duplicated ${duplicated}`)
for (const finding of findings) console.log(`  ${finding}`)
const stopped = outage.ackGapMsMax > ackGapMsMax || outage.ackedMessages === 0 || outage.signals === 0
if (stopped) console.log('PUBACKs or signals stopped during the outage')
process.exitCode = missing > 0 || duplicated > 0 || stopped ? 1 : 0

function described({ seconds, ackedMessages, ackGapMsMax: gap, signals, rssMbMax }: Stretch): string {
  const perSecond = Math.round(ackedMessages / seconds)
  return `${perSecond} messages acked a second, at most ${Math.round(gap)} ms between PUBACKs, ${signals} signals, edge at most ${Math.round(rssMbMax)} MB`
}
