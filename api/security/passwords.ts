import { randomBytes, type ScryptOptions, scrypt, timingSafeEqual } from 'node:crypto'
import { ProblemError } from '../problems.ts'

/** Parameters of scrypt; memory is 128 · N · r bytes. They are kept with each hash, so they can rise later. */
export interface PasswordCost {
  readonly N: number
  readonly r: number
  readonly p: number
}

const keyBytes = 32
const saltBytes = 16
/** Leaves threads of the pool to file access while people log in. */
const scryptAtOnceMax = 2
/** More logins than this in one moment are an attack or an accident; they are told to come again. */
const scryptWaitingMax = 32

export interface Passwords {
  /** `scrypt$N$r$p$salt$key`, the last two base64url. */
  hash(password: string): Promise<string>
  /** True where the password is the hash's. Takes as long for no hash at all, so that ids cannot be probed. */
  verify(password: string, hash: string | undefined): Promise<boolean>
}

export function makePasswords(cost: PasswordCost): Passwords {
  const derive = boundedDerive()
  return {
    async hash(password) {
      const salt = randomBytes(saltBytes)
      const key = await derive(password, salt, cost)
      return ['scrypt', cost.N, cost.r, cost.p, salt.toString('base64url'), key.toString('base64url')].join('$')
    },
    async verify(password, hash) {
      const [scheme, N, r, p, salt, key] = hash?.split('$') ?? []
      if (scheme !== 'scrypt' || salt === undefined || key === undefined) {
        await derive(password, Buffer.alloc(saltBytes), cost)
        return false
      }
      const expected = Buffer.from(key, 'base64url')
      const parameters = { N: Number(N), r: Number(r), p: Number(p) }
      const derived = await derive(password, Buffer.from(salt, 'base64url'), parameters)
      return expected.length === derived.length && timingSafeEqual(expected, derived)
    },
  }
}

/** Derives keys a few at a time; refuses when too many wait. */
function boundedDerive() {
  let running = 0
  const waiting: (() => void)[] = []
  return async (password: string, salt: Buffer, cost: PasswordCost): Promise<Buffer> => {
    if (running >= scryptAtOnceMax) {
      if (waiting.length >= scryptWaitingMax) throw new ProblemError('unavailable', 'Too many logins at once')
      await new Promise<void>((resolve) => waiting.push(resolve))
    } else {
      running += 1
    }
    try {
      return await derive(password, salt, cost)
    } finally {
      const next = waiting.shift()
      if (next) next()
      else running -= 1
    }
  }
}

function derive(password: string, salt: Buffer, cost: PasswordCost): Promise<Buffer> {
  // Node's own limit of memory is just below what common parameters need.
  const options: ScryptOptions = { ...cost, maxmem: 256 * cost.N * cost.r }
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>()
  // NFKC: the same characters typed on another keyboard are the same password.
  scrypt(password.normalize('NFKC'), salt, keyBytes, options, (error, key) => (error ? reject(error) : resolve(key)))
  return promise
}
