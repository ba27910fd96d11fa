import { createHash, randomBytes } from 'node:crypto'

/** 256 random bits: cannot be guessed, so its hash needs no salt and no slow function. */
const secretBytes = 32

/** A new secret; the prefix tells people and leak scanners what it is. */
export const newSecret = (prefix: string): string => `${prefix}_${randomBytes(secretBytes).toString('base64url')}`

export const sha256Hex = (text: string): string => createHash('sha256').update(text).digest('hex')
