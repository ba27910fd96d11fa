import { type RankingMethod, rankingMethodSchema } from '../ranking-method.ts'
import daqing240 from './daqing-240-v1.json' with { type: 'json' }
import heilongjiang200 from './heilongjiang-200-v1.json' with { type: 'json' }

/** Every method that a list was or may be published by; the first is the default. */
export const rankingMethods: readonly RankingMethod[] = [heilongjiang200, daqing240].map((file) =>
  rankingMethodSchema.parse(file),
)

export const findMethod = (id: string, version: number): RankingMethod | undefined =>
  rankingMethods.find((method) => method.id === id && method.version === version)
