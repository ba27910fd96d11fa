/** A stretch of a source file that is replaced while the edge loads it. It must be there exactly once. */
export interface Edit {
  /** Path from the root of the project. */
  readonly file: string
  readonly replaces: string
  readonly by: string
}

/**
 * Mistakes that the proof must notice, made in the production code. A stretch that is not there any more fails the
 * proof, so that a mutant cannot silently become harmless.
 */
export interface Mutant {
  readonly name: string
  /** What goes wrong, for the one who reads the output. */
  readonly mistake: string
  readonly edits: readonly Edit[]
  /** Whether only a power cut can show it: a killed process leaves what it wrote in the kernel's memory. */
  readonly needsPowerCut: boolean
}

/** A constant of a file that is made smaller. */
const smaller = (file: string, replaces: string, by: string): Edit => ({ file, replaces, by })

/**
 * Sizes made small, so that within seconds segments are begun and given back and readings are merged, as they are
 * within hours in service, and kills come in the middle of that, too.
 */
export const smallSizes: readonly Edit[] = [
  smaller('ingest/journal/journal.ts', 'const segmentBytesDefault = 64 << 20', 'const segmentBytesDefault = 128 << 10'),
  smaller('ingest/journal/journal.ts', 'const repeatBytesDefault = 32 << 20', 'const repeatBytesDefault = 1 << 20'),
  smaller('ingest/roll-ups/roll-ups.ts', 'const savesApartMsMin = 5_000', 'const savesApartMsMin = 200'),
  smaller('ingest/maintenance/maintenance.ts', 'const roundEveryMs = 60_000', 'const roundEveryMs = 200'),
  smaller('ingest/maintenance/maintenance.ts', 'const firstRoundMs = 5_000', 'const firstRoundMs = 100'),
  smaller('store/telemetry/sqlite/merge-plan.ts', '  batchRowsDue: 250_000,', '  batchRowsDue: 1_000,'),
  smaller('store/telemetry/sqlite/merge-plan.ts', '  fanIn: 48,', '  fanIn: 4,'),
  smaller('store/telemetry/sqlite/merge-plan.ts', '  newestRowsDueMin: 1_000_000,', '  newestRowsDueMin: 3_000,'),
]

export const mutants: readonly Mutant[] = [
  {
    name: 'no-fsync',
    mistake: 'the journal never syncs a group of deliveries',
    edits: [
      {
        file: 'ingest/journal/segment-writer.ts',
        replaces: '      await file.sync()\n      end += bytes.length',
        by: '      end += bytes.length',
      },
    ],
    needsPowerCut: true,
  },
  {
    name: 'no-directory-fsync',
    mistake: 'the journal never syncs the directory in which it makes a segment',
    edits: [
      {
        file: 'ingest/journal/segment-writer.ts',
        replaces: '    await files.syncDirectory(directory)\n    await file.close()',
        by: '    await file.close()',
      },
    ],
    needsPowerCut: true,
  },
  {
    name: 'ack-before-fsync',
    mistake: 'deliveries are acked before the group that holds them is written',
    edits: [
      { file: 'ingest/journal/journal.ts', replaces: '    group.accepted.push(accepted)\n', by: '    accepted()\n' },
    ],
    needsPowerCut: true,
  },
  {
    name: 'position-saved-before-effect',
    mistake: 'the telemetry store saves the position of a batch, and its readings only after that',
    edits: [
      {
        file: 'ingest/pipeline/telemetry-reader.ts',
        replaces: '    await store.append(batch, end, count,',
        by: `    await store.append(joinedBatches([]), end, () => counters)
    await new Promise((resolve) => setTimeout(resolve, 200))
    await store.append(batch, end, count,`,
      },
    ],
    needsPowerCut: false,
  },
  {
    name: 'watch-position-saved-before-effect',
    mistake: 'the watch saves its position, and flags, signals and days only after that',
    edits: [
      {
        file: 'ingest/watch/commit.ts',
        replaces: '  const signals = await context.ledger.write(async (transaction) => {\n',
        by: `  await context.ledger.write((transaction) => saveProgress(transaction, 'watch', progress))
  await new Promise((resolve) => setTimeout(resolve, 200))
  const signals = await context.ledger.write(async (transaction) => {
`,
      },
    ],
    needsPowerCut: false,
  },
  {
    name: 'repeats-forgotten',
    mistake: 'a start does not remember what was delivered before it, so that a resend counts as new',
    edits: [{ file: 'ingest/journal/recovery.ts', replaces: '      remember(view, window)\n', by: '' }],
    needsPowerCut: false,
  },
]

export function mutantNamed(name: string | undefined): Mutant | undefined {
  if (name === undefined) return undefined
  const found = mutants.find((mutant) => mutant.name === name)
  if (found === undefined) throw new Error(`There is no mutant "${name}"`)
  return found
}

/** The source of a file after the edits that concern it. */
export function applyEdits(edits: readonly Edit[], file: string, source: string): string {
  return edits
    .filter((edit) => edit.file === file)
    .reduce((text, edit) => {
      const parts = text.split(edit.replaces)
      if (parts.length !== 2) throw new Error(`${file} holds "${edit.replaces}" ${parts.length - 1} times, not once`)
      return parts.join(edit.by)
    }, source)
}
