import { z } from 'zod'
import { type Option, positiveInteger } from './options.ts'

/** What happens while one watches, and the speed at which it is worth watching: homes take hours to cool. */
export const scenarioSpeeds = { normal: 1, 'cold-wave': 120 } as const
const scenarios = Object.keys(scenarioSpeeds) as Scenario[]
type Scenario = keyof typeof scenarioSpeeds

/** Fewer make no building. */
export const simulatedDwellingsMin = 4

/** What decides which city is simulated and what happens in it. */
export const simulationOptions = {
  seed: {
    env: 'WARMCITY_SEED',
    default: 1,
    schema: positiveInteger('the seed', 0xffff_ffff),
    placeholder: 'N',
    help: 'same seed, same city, same weather, same faults',
  } satisfies Option<number>,
  dwellings: {
    env: 'WARMCITY_DWELLINGS',
    default: 1_200,
    schema: positiveInteger('the number of dwellings', 2_500_000, simulatedDwellingsMin),
    placeholder: 'N',
    help: 'size of the simulated city',
  } satisfies Option<number>,
  scenario: {
    env: 'WARMCITY_SCENARIO',
    default: 'normal' as Scenario,
    schema: z.enum(scenarios),
    placeholder: 'NAME',
    help: `what happens while one watches: ${scenarios.join(', ')}`,
  } satisfies Option<Scenario>,
}
