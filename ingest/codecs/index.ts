import type { Codec } from './codec.ts'
import { native } from './native.ts'
import { senml } from './senml.ts'

/** Every payload format that is read, in the order in which topics are offered to them. */
export const codecs: readonly Codec[] = [native, senml]
