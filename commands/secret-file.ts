import { readFileSync } from 'node:fs'

/**
 * A secret as it was given, or else what its file holds; undefined where there is neither. Such files often end in a
 * line break that is no part of the secret.
 */
export function secretOf(given: string | undefined, path: string | undefined): string | undefined {
  return given ?? (path === undefined ? undefined : readFileSync(path, 'utf8').trimEnd())
}
