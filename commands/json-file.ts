import { readFileSync } from 'node:fs'
import { z } from 'zod'

/** A file that somebody gave us is not there, or is not what it should be. */
class GivenFileError extends Error {
  readonly code = 'given_file_unusable'
}

/** Reads a JSON file that somebody gave us; an error that says what is wrong with it, where it is not what it should be. */
export function readJsonFile<T>(path: string, what: string, schema: z.ZodType<T>): T {
  const refuse = (reason: string, cause?: unknown) => new GivenFileError(`${path} is not ${what}: ${reason}`, { cause })
  let content: unknown
  try {
    content = JSON.parse(readFileSync(path, 'utf8'))
  } catch (error) {
    throw refuse(error instanceof Error ? error.message : String(error), error)
  }
  const parsed = schema.safeParse(content)
  if (!parsed.success) throw refuse(z.prettifyError(parsed.error))
  return parsed.data
}
