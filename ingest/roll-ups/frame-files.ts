import { closeSync, mkdirSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { replaceFile, replaceFileSync } from '#store/whole-file.ts'
import { type Frame, framePageSlotsLog2 } from './frames.ts'
import { createPlantFrame, type PlantEntry, type PlantPoints } from './plant-frame.ts'

/**
 * Periods on the disk. Changed pages are written in place, then synced, then the position behind them is kept: a crash
 * leaves an older position with pages of any age since, and to take the same readings again changes nothing.
 */
const layout = 1
const stateSchema = z.strictObject({
  layout: z.literal(layout),
  /** Journal position up to which the frames are applied. */
  position: z.number().int().min(0),
  frames: z.array(z.strictObject({ at: z.number().int(), closed: z.boolean(), wanted: z.boolean() })),
  /** Periods that are no longer held in memory and not yet in the store. */
  waiting: z.array(z.number().int()),
})
export type FrameState = z.infer<typeof stateSchema>
/** By name of the plant: code of the metric, time and value. */
const plantsSchema = z.array(z.tuple([z.string(), z.number(), z.number(), z.number()]))

/** Whose sensor measured it is told by name: numbers of plants do not outlive the process. */
interface PlantNames {
  at(plant: number): string
  take(name: string): number
}

export interface FrameFiles {
  readState(): FrameState | undefined
  /** The frame of a period as it was last written. */
  read(period: FrameState['frames'][number]): Frame
  /** Writes what is dirty of a frame; not yet synced. */
  write(frame: Frame): void
  /** Says from where the journal is needed, before there is any frame. */
  begin(position: number): void
  /** Makes everything written durable, and then the state with its position. */
  keep(state: Omit<FrameState, 'layout'>): Promise<void>
  remove(at: number): void
  /** Forgets everything. */
  clear(): void
}

const stateName = 'state.json'

export function createFrameFiles(directory: string, points: PlantPoints, plants: PlantNames): FrameFiles {
  mkdirSync(directory, { recursive: true })
  const probesPath = (at: number) => join(directory, `${at}.probes`)
  const plantsPath = (at: number) => join(directory, `${at}.plants`)
  /** Written since they were last synced. */
  const unsynced = new Set<string>()

  function readState(): FrameState | undefined {
    const parsed = stateSchema.safeParse(jsonIn(join(directory, stateName)))
    return parsed.success ? parsed.data : undefined
  }

  function writePages(frame: Frame): void {
    const path = probesPath(frame.at)
    const file = openSync(path, 'a')
    closeSync(file)
    const inPlace = openSync(path, 'r+')
    try {
      for (const page of frame.dirty.pages) {
        const first = page << framePageSlotsLog2
        const slots = frame.probes.subarray(first, first + (1 << framePageSlotsLog2))
        writeWhole(inPlace, new Uint8Array(slots.buffer, slots.byteOffset, slots.byteLength), first * 2)
      }
    } finally {
      closeSync(inPlace)
    }
    unsynced.add(path)
  }

  return {
    readState,
    read({ at, closed, wanted }) {
      const probes = readIfThere(probesPath(at)) ?? Buffer.alloc(0)
      const kept = plantsSchema.safeParse(jsonIn(plantsPath(at)))
      const entries = (kept.data ?? []).map(([name, ...rest]): PlantEntry => [plants.take(name), ...rest])
      return {
        at,
        // Copied: a small file lies in a buffer that others share, at an odd place.
        probes: new Uint16Array(new Uint8Array(probes).buffer, 0, probes.length >> 1),
        plants: createPlantFrame(points, entries),
        closed,
        wanted,
        dirty: { pages: new Set(), plants: false },
      }
    },
    write(frame) {
      const { dirty } = frame
      if (dirty.pages.size > 0) writePages(frame)
      dirty.pages.clear()
      if (!dirty.plants) return
      const named = frame.plants.entries().map(([plant, ...rest]) => [plants.at(plant), ...rest])
      // Unlike pages of numbers, half a text is nothing.
      replaceFileSync(plantsPath(frame.at), JSON.stringify(named))
      dirty.plants = false
    },
    begin(position) {
      const state: FrameState = { layout, position, frames: [], waiting: [] }
      replaceFileSync(join(directory, stateName), JSON.stringify(state))
    },
    async keep(state) {
      const syncing = [...unsynced]
      unsynced.clear()
      try {
        for (const path of syncing) await syncIfThere(path)
      } catch (error) {
        for (const path of syncing) unsynced.add(path)
        throw error
      }
      await replaceFile(join(directory, stateName), JSON.stringify({ layout, ...state }))
    },
    remove(at) {
      for (const path of [probesPath(at), plantsPath(at)]) {
        unsynced.delete(path)
        rmSync(path, { force: true })
      }
    },
    clear() {
      unsynced.clear()
      rmSync(directory, { recursive: true, force: true })
      mkdirSync(directory, { recursive: true })
    },
  }
}

/** A write may take less than it is given: on a nearly full disk the rest fails, and only then says so. */
function writeWhole(file: number, bytes: Uint8Array, position: number): void {
  for (let written = 0; written < bytes.length; ) {
    written += writeSync(file, bytes, written, bytes.length - written, position + written)
  }
}

/** What a damaged file has lost is figures of an hour; the watch must be able to begin. */
function jsonIn(path: string): unknown {
  const text = readIfThere(path)?.toString('utf8')
  try {
    return text === undefined ? undefined : JSON.parse(text)
  } catch {
    return undefined
  }
}

function readIfThere(path: string): Buffer | undefined {
  try {
    return readFileSync(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

/** A period that was removed meanwhile needs no sync. */
async function syncIfThere(path: string): Promise<void> {
  const file = await open(path, 'r').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
  try {
    await file?.datasync()
  } finally {
    await file?.close()
  }
}
