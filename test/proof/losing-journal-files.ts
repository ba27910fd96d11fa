import { diskFiles as realFiles } from '../../ingest/journal/files.ts'
import { losingPlatterEnv } from './hooks-environment.ts'
import { losingFiles } from './losing-files.ts'

/** Stands in for `ingest/journal/files.ts` in an edge whose disk loses what was not synced. */
export type { JournalFile, JournalFiles } from '../../ingest/journal/files.ts'

const directory = process.env[losingPlatterEnv]
if (directory === undefined) throw new Error(`${losingPlatterEnv} names no folder`)

/** About what a hard disk takes. */
const syncMsMin = 8

export const diskFiles = losingFiles(realFiles, { directory }, syncMsMin)
