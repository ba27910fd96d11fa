import { registerHooks } from 'node:module'
import { losingPlatterEnv, mutantEnv } from './hooks-environment.ts'
import { applyEdits, mutantNamed, smallSizes } from './mutants.ts'

/**
 * Preloaded into the edge that is being proved (`--import`), in every thread of it. The edge itself is the production
 * code with its own wiring; this puts a losing file layer under its journal, or a mistake into one of its modules.
 */

const root = new URL('../../', import.meta.url)
const journalFiles = new URL('ingest/journal/files.ts', root).href
const losingJournalFiles = new URL('test/proof/losing-journal-files.ts', root).href

const platter = process.env[losingPlatterEnv]
const edits = [...smallSizes, ...(mutantNamed(process.env[mutantEnv])?.edits ?? [])]

registerHooks({
  resolve(specifier, context, next) {
    const resolved = next(specifier, context)
    // The losing layer stands on the real one, and is the only one that may import it.
    const replaced = platter !== undefined && resolved.url === journalFiles && context.parentURL !== losingJournalFiles
    return replaced ? { ...resolved, url: losingJournalFiles } : resolved
  },
  load(url, context, next) {
    const loaded = next(url, context)
    const file = url.startsWith(root.href) ? url.slice(root.href.length) : ''
    if (!edits.some((edit) => edit.file === file)) return loaded
    return { ...loaded, source: applyEdits(edits, file, String(loaded.source)) }
  },
})
