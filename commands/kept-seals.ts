import { z } from 'zod'
import { readJsonFile } from './json-file.ts'
import type { Option } from './options.ts'

export const sealsOption = {
  env: 'WARMCITY_SEALS',
  schema: z.string().min(1),
  placeholder: 'FILE',
  help: 'seals of days that were kept elsewhere, as /api/v1/public/ranking-seals gives them: whoever rewrote the history or cut it has others',
} satisfies Option<string>

/** A page of seals, or several in a list. */
const sealsSchema = z
  .union([
    z.object({ items: z.array(z.unknown()) }).transform(({ items }) => items),
    z.array(z.object({ items: z.array(z.unknown()) })).transform((pages) => pages.flatMap(({ items }) => items)),
  ])
  .pipe(z.array(z.object({ date: z.string(), root: z.string(), entry: z.number().int(), entryHash: z.string() })))

export type KeptSeal = z.infer<typeof sealsSchema>[number]

/** The seals in a file that somebody kept. */
export const readSeals = (path: string): KeptSeal[] => readJsonFile(path, 'a page of seals', sealsSchema)
