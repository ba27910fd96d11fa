import { expect, test } from 'vitest'
import { runProof } from '../proof/proof-run.ts'

// `npm run proof:durability` does the same at length, with every mistake that must be caught.
const seed = Math.floor(Math.random() * 2 ** 31)
const short = { seed, kills: 2, seconds: 2, dwellings: 36 }
const timeoutMs = 60_000

test.each([
  { disk: 'kept', title: 'SIGKILL at random moments' },
  { disk: 'losing', title: 'power cuts that take what was not synced' },
] as const)(`nothing acked is lost or doubled by $title (seed ${seed})`, { timeout: timeoutMs }, async ({ disk }) => {
  const { audit, broken, resent } = await runProof({ ...short, disk })
  expect({ broken, missing: audit.missing, duplicated: audit.duplicated, findings: audit.findings }).toEqual({
    broken: undefined,
    missing: 0,
    duplicated: 0,
    findings: [],
  })
  expect(audit.acked).toBeGreaterThan(1_000)
  expect(audit.stored).toBe(audit.acked)
  expect(resent).toBeGreaterThan(0)
})

/** A cut shows the mistake only when it falls between an ack and its sync; so often it is tried. */
const runsMax = 5

test(`an edge that acks before it syncs is caught (seed ${seed})`, { timeout: runsMax * timeoutMs }, async () => {
  let missing = 0
  for (let run = 0; run < runsMax && missing === 0; run++) {
    const result = await runProof({ ...short, seed: seed + run, disk: 'losing', mutant: 'ack-before-fsync' })
    expect(result.kills).toBeGreaterThan(0)
    missing = result.audit.missing
  }
  expect(missing).toBeGreaterThan(0)
})
