import { z } from 'zod'
import { type Option, positiveInteger } from '../../commands/options.ts'
import { optionsOrExit } from '../support/command-line.ts'
import { type Mutant, mutants } from './mutants.ts'
import { type ProofOptions, type ProofResult, runProof } from './proof-run.ts'

/**
 * Proves that what was acked is stored once: on the machine's disk with the process killed, on a disk that keeps only
 * what was synced, and, so that the proof itself is proved, with mistakes that it must notice.
 */
const options = {
  kills: {
    env: 'WARMCITY_PROOF_KILLS',
    default: 20,
    schema: positiveInteger('the number of kills', 10_000),
    help: 'how often the edge is killed, in each of the two runs',
  } satisfies Option<number>,
  mutantKills: {
    env: 'WARMCITY_PROOF_MUTANT_KILLS',
    default: 5,
    schema: positiveInteger('the number of kills', 10_000),
    help: 'how often an edge with a mistake in it is killed',
  } satisfies Option<number>,
  seconds: {
    env: 'WARMCITY_PROOF_SECONDS',
    default: 20,
    schema: positiveInteger('the time', 86_400),
    help: 'time for which the edge of one run is up before it is killed for the last time',
  } satisfies Option<number>,
  seed: {
    env: 'WARMCITY_PROOF_SEED',
    default: Math.floor(Math.random() * 2 ** 31),
    schema: z.coerce.number().int().min(0),
    help: 'decides when kills come and what a power cut leaves; drawn when not given',
  } satisfies Option<number>,
}

const { kills, mutantKills, seconds, seed } = optionsOrExit(options)
/** A mistake shows only when a kill falls into the moment that it leaves open: on a fast disk that is short. */
const runsPerMutantMax = 8

let failed = false

console.log(`seed ${seed}`)
await prove('The edge is killed with SIGKILL; the disk is the machine’s', { disk: 'kept' })
await prove('Each kill is a power cut', { disk: 'losing' })
console.log(
  [
    '  Under the journal lay a file layer that, at each kill, discarded what no completed sync had promised, forgot',
    '  names whose directory was not synced, and tore the end of the last write. It does not lie under SQLite, nor',
    '  under the files that only SQLite names (merged readings, copies of the watch): that a commit of SQLite (WAL,',
    '  synchronous=FULL) survives a power cut is trusted, not proved here. That effects, journal positions and merges',
    '  hold together wherever the process ends is proved by both runs.',
  ].join('\n'),
)
for (const mutant of mutants) {
  const caught = await catchMutant(mutant)
  failed ||= !caught
}
process.exitCode = failed ? 1 : 0

async function prove(title: string, how: Pick<ProofOptions, 'disk'>): Promise<void> {
  console.log(title)
  const result = await run({ ...how, kills })
  const { acked, stored, missing, duplicated, findings } = result.audit
  console.log(`  ${result.kills} kills over ${result.days} days of samples, ${result.resent} messages sent again`)
  console.log(`acked ${acked}, stored ${stored}, missing ${missing}, duplicated ${duplicated}`)
  for (const finding of findings) console.log(`  ${finding}`)
  if (result.broken !== undefined) console.log(`  the run broke off: ${result.broken}`)
  failed ||= missing > 0 || duplicated > 0 || result.broken !== undefined
}

/** Runs with a mistake in the edge until it shows; prints what gave it away. */
async function catchMutant(mutant: Mutant): Promise<boolean> {
  const disk = mutant.needsPowerCut ? 'losing' : 'kept'
  let broken: string | undefined
  for (let attempt = 0; attempt < runsPerMutantMax; attempt++) {
    const how = { disk, mutant: mutant.name, kills: mutantKills, seed: seed + attempt } as const
    const result = await run(how)
    const signs = signsOfLoss(result)
    // An edge that never took a message shows nothing about the mistake in it.
    if (signs.length > 0 && result.kills > 0 && result.audit.acked > 0) {
      console.log(`mutant ${mutant.name}: caught (${signs.join(', ')})`)
      return true
    }
    broken = result.broken
  }
  const why = broken === undefined ? mutant.mistake : `${mutant.mistake}; the run broke off: ${broken}`
  console.log(`mutant ${mutant.name}: SURVIVED ${runsPerMutantMax} runs: ${why}`)
  return false
}

function signsOfLoss({ audit, refused }: ProofResult): string[] {
  return [
    ...(audit.missing > 0 ? [`missing ${audit.missing}`] : []),
    ...(audit.duplicated > 0 ? [`duplicated ${audit.duplicated}`] : []),
    ...(refused === undefined ? [] : [`the edge refuses its data: ${refused}`]),
  ]
}

function run(how: Pick<ProofOptions, 'disk' | 'mutant' | 'kills'> & { seed?: number }): Promise<ProofResult> {
  return runProof({ seed, seconds: (seconds * how.kills) / kills, ...how })
}
