import { spawnSync } from 'node:child_process'

/** Programs that a checking machine must have; naming one here turns its absence from a skip into a failure. */
const required = (process.env.WARMCITY_TEST_REQUIRE ?? '').split(/[\s,]+/).filter(Boolean)

/** True where the program is there; says by name what is skipped where it is not and nobody demands it. */
export function hasProgram(name: string, suite: string): boolean {
  const found = spawnSync(name, ['--help'], { stdio: 'ignore' }).error === undefined
  if (found) return true
  if (required.includes(name)) throw new Error(`${name} is required and is not installed`)
  console.warn(`SKIPPED: ${suite} needs ${name}`)
  return false
}
