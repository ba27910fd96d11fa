import { existsSync, readFileSync } from 'node:fs'
import type { z } from 'zod'

/** A file of the data folder that does not hold what the service wrote. */
class KeptFileError extends Error {
  readonly code = 'kept_file_damaged'
}

/** Reads what a service kept as JSON; undefined where there is no such file, a clear error where it is damaged. */
export function readKeptFile<T>(path: string, schema: z.ZodType<T>): T | undefined {
  if (!existsSync(path)) return undefined
  try {
    return schema.parse(JSON.parse(readFileSync(path, 'utf8')))
  } catch (cause) {
    throw new KeptFileError(`${path} is damaged: put it back from a backup, or choose another folder with --data`, {
      cause,
    })
  }
}
