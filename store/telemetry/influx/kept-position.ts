import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { replaceFile } from '../../whole-file.ts'
import { InfluxError } from './influx-error.ts'

const keptSchema = z.strictObject({ position: z.number().int().min(0), counters: z.record(z.string(), z.number()) })
export type KeptPosition = z.infer<typeof keptSchema>

const fileName = 'influx-position.json'

/** Where the journal's reader stands, in a file beside the journal: it is there when InfluxDB is not. */
export async function readKeptPosition(directory: string): Promise<KeptPosition | undefined> {
  const path = join(directory, fileName)
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
  try {
    return keptSchema.parse(JSON.parse(text))
  } catch (error) {
    throw new InfluxError(
      'influx_position_unreadable',
      `${path} cannot be read. Put it back from a backup; an older one is good: what follows is written again.`,
      error,
    )
  }
}

/** Resolves when the new position is durable; a crash leaves the old one or the new one, whole. */
export async function keepPosition(directory: string, kept: KeptPosition): Promise<void> {
  await mkdir(directory, { recursive: true })
  await replaceFile(join(directory, fileName), JSON.stringify(kept))
}
