/**
 * A small counter-based random generator in 32-bit integer arithmetic, so that a seed gives the same city on every
 * machine and in every version of Node. A fork depends on the parent's key and the label alone, never on how many
 * numbers were drawn before: adding a draw in one place shifts nothing anywhere else.
 */
export interface Random {
  /** Next whole number from 0 to 2^32 - 1. */
  uint32(): number
  /** Next number from 0 up to, not including, 1. */
  fraction(): number
  /** Next whole number from 0 up to, not including, `limit`. */
  below(limit: number): number
  /** Next number from `low` up to `high`. */
  between(low: number, high: number): number
  /** Next number of a normal distribution; never further than about 4.8 deviations from the mean. */
  normal(mean: number, deviation: number): number
  /** True with the probability given. */
  chance(probability: number): boolean
  /** One of the list, each as likely as the other. The list must not be empty. */
  pick<T>(list: readonly T[]): T
  /** An independent stream under a label. */
  fork(label: string | number): Random
  /** The stream's key, for the noise functions that keep no state. */
  readonly key: number
}

/** A random number that is a pure function of a key and two counters, from 0 to 2^32 - 1. */
function noise(key: number, first: number, second = 0): number {
  let mixed = (key + Math.imul(first | 0, 0x9e3779b9)) | 0
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x21f0aaad)
  mixed = Math.imul(mixed ^ (mixed >>> 15) ^ (second | 0), 0x735a2d97)
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x2c1b3c6d)
  mixed = Math.imul(mixed ^ (mixed >>> 12), 0x297a2d39)
  return (mixed ^ (mixed >>> 15)) >>> 0
}

/** Noise from 0 up to, not including, 1. */
export const noiseFraction = (key: number, first: number, second = 0) => noise(key, first, second) / 0x1_0000_0000

/** Noise of mean 0 and deviation 1: the sum of eight 8-bit numbers, which is close enough to normal for a sensor. */
export function noiseNormal(key: number, first: number, second = 0): number {
  const low = noise(key, first, second)
  const high = noise(key ^ 0x5bd1e995, first, second)
  const sum =
    (low & 255) +
    ((low >>> 8) & 255) +
    ((low >>> 16) & 255) +
    (low >>> 24) +
    (high & 255) +
    ((high >>> 8) & 255) +
    ((high >>> 16) & 255) +
    (high >>> 24)
  // A byte has mean 127.5 and variance (256² - 1) / 12.
  return (sum - 1020) / byteSumDeviation
}

const byteSumDeviation = Math.sqrt((8 * (256 * 256 - 1)) / 12)

/** FNV-1a over the label, started from the parent's key. */
function keyOf(parent: number, label: string | number): number {
  if (typeof label === 'number') return noise(parent ^ 0x6a09e667, label)
  let hash = parent ^ 0x811c9dc5
  for (let index = 0; index < label.length; index++) hash = Math.imul(hash ^ label.charCodeAt(index), 0x01000193)
  return noise(hash, label.length, 0x3c6ef372)
}

/** The root stream of a seed. Any whole number is a seed, zero too. */
export function createRandom(seed: number): Random {
  return stream(noise(0x2545f491, seed | 0, Math.floor(seed / 0x1_0000_0000)))
}

function stream(key: number): Random {
  let counter = 0
  const uint32 = () => noise(key, counter++)
  const fraction = () => uint32() / 0x1_0000_0000
  return {
    key,
    uint32,
    fraction,
    below: (limit) => Math.floor(fraction() * limit),
    between: (low, high) => low + (high - low) * fraction(),
    normal: (mean, deviation) => mean + deviation * noiseNormal(key ^ 0x1b873593, counter++),
    chance: (probability) => fraction() < probability,
    pick: (list) => list[Math.floor(fraction() * list.length)] as (typeof list)[number],
    fork: (label) => stream(keyOf(key, label)),
  }
}
