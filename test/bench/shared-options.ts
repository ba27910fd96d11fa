import { z } from 'zod'
import { type Option, positiveInteger } from '../../commands/options.ts'

/** What several benchmarks can be told. */
export const seedOption = {
  env: 'WARMCITY_BENCH_SEED',
  default: 1,
  schema: positiveInteger('the seed', 2 ** 31),
  help: 'decides what is drawn: the city, its readings and their order',
} satisfies Option<number>

export const profilesOption = {
  env: 'WARMCITY_BENCH_PROFILES',
  schema: z.string().min(1),
  placeholder: 'DIR',
  help: 'folder for processor profiles of the edge',
} satisfies Option<string>
