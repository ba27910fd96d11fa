import { rollUpPeriodAt, rollUpPeriodMs } from '#domain/live-roll-up.ts'
import { minuteMs } from '#domain/time.ts'
import { createPlantFrame, type PlantFrame, type PlantPoints } from './plant-frame.ts'
import { ageOf, carried, codeOf, newerOf, unknown } from './probe-frame.ts'

/** One period of the whole city. */
export interface Frame {
  /** Beginning of the period. */
  readonly at: number
  /** By slot of the probe. */
  probes: Uint16Array<ArrayBuffer>
  readonly plants: PlantFrame
  /** The period is over, and silent probes have taken over what they said before. */
  closed: boolean
  /** Something is in it that is not written to the store. */
  wanted: boolean
  /** What has to be brought to the disk: pages of probes, and the plants. */
  readonly dirty: { readonly pages: Set<number>; plants: boolean }
}

/** Slots of a page: 8 KB, so that a late reading costs the disk little. */
export const framePageSlotsLog2 = 12
export const framePageBytes = Uint16Array.BYTES_PER_ELEMENT << framePageSlotsLog2

/**
 * So many periods are held: the open one and an hour's before it, for gateways that upload once an hour. What is later
 * is in the readings and in the summaries of days, and no longer in roll-ups.
 */
export const framesHeldMax = 7

/** Readings on time have come this long after the end of a period. */
const closesAfterMs = minuteMs
/** A device's clock may be fast by this. What claims to be from farther ahead is nobody's now. */
const aheadMsMax = minuteMs

export interface Frames {
  /** Beginning of the open period; 0 before the journal has named a time. */
  readonly openAt: number
  /** Probes that there is room for. */
  readonly slots: number
  /** From the oldest to the open one. */
  held(): readonly Frame[]
  /** Room for so many probes. */
  reserve(slots: number): void
  /** Takes a good temperature; false where it is too late or too far ahead. */
  probe(slot: number, at: number, celsius: number): boolean
  /** Takes a good value of a plant's sensor. */
  plant(plant: number, metricCode: number, at: number, value: number): boolean
  /** The journal's time goes on; true when a period was closed. */
  advance(now: number): boolean
}

interface FramesParts {
  readonly points: PlantPoints
  /** For how many periods a reading of the probe speaks when nothing follows. */
  speaksFor(slot: number): number
  /** A frame leaves memory; what is wanted of it must be on the disk. */
  onEvicted(frame: Frame): void
  readonly kept?: readonly Frame[]
}

export function createFrames({ points, speaksFor, onEvicted, kept = [] }: FramesParts): Frames {
  let frames: Frame[] = [...kept]
  let slots = 0
  let openAt = frames.at(-1)?.at ?? 0
  /** City time at which there is something to do. */
  let dueAt = openAt === 0 ? 0 : dueAfter(openAt)

  function dueAfter(open: number): number {
    const isBeforeClosed = frames.every((frame) => frame.closed || frame.at === open)
    return isBeforeClosed ? open + rollUpPeriodMs : open + closesAfterMs
  }

  const emptyFrame = (at: number): Frame => ({
    at,
    probes: new Uint16Array(slots),
    plants: createPlantFrame(points),
    closed: false,
    wanted: false,
    dirty: { pages: new Set(), plants: false },
  })

  /** The frame that a reading belongs to. */
  function frameOf(at: number): Frame | undefined {
    const first = frames[0]
    if (first === undefined || at < first.at) return undefined
    const place = Math.min(frames.length - 1, Math.floor((at - first.at) / rollUpPeriodMs))
    return at < openAt + rollUpPeriodMs + aheadMsMax ? frames[place] : undefined
  }

  function put(frame: Frame, slot: number, code: number): boolean {
    const known = frame.probes[slot] as number
    const kept = newerOf(known, code)
    if (kept === known) return false
    frame.probes[slot] = kept
    frame.dirty.pages.add(slot >> framePageSlotsLog2)
    return true
  }

  /** What comes late for a closed period may have raised or ended a flag, which is open or not in all periods since. */
  function changedLate(first: Frame): void {
    for (const frame of frames) if (frame.closed && frame.at >= first.at) frame.wanted = true
  }

  /** What a probe said late speaks for the closed periods after it, as long as nothing newer does. */
  function carryOn(from: Frame, slot: number, code: number): void {
    const periodsMax = speaksFor(slot)
    for (let place = frames.indexOf(from) + 1; place < frames.length; place += 1) {
      const frame = frames[place] as Frame
      const periods = (frame.at - from.at) / rollUpPeriodMs
      if (!frame.closed || periods > periodsMax || !put(frame, slot, carried(code, periods))) return
    }
  }

  /** Closes a period: a probe that was silent in it stays at what it said, while that still speaks. */
  function close(frame: Frame): void {
    frame.closed = true
    frame.wanted = true
    const before = frames[frames.indexOf(frame) - 1]
    if (!before || before.at !== frame.at - rollUpPeriodMs) return
    for (let slot = 0; slot < slots; slot += 1) {
      const earlier = before.probes[slot] as number
      if (earlier === unknown || frame.probes[slot] !== unknown) continue
      const code = carried(earlier, 1)
      if (code === unknown || ageOf(code) > speaksFor(slot)) continue
      frame.probes[slot] = code
      frame.dirty.pages.add(slot >> framePageSlotsLog2)
    }
  }

  function closeBefore(end: number): boolean {
    const over = frames.filter((frame) => !frame.closed && frame.at < end)
    for (const frame of over) close(frame)
    return over.length > 0
  }

  function openPeriod(at: number): void {
    frames.push(emptyFrame(at))
    openAt = at
    while (frames.length > framesHeldMax) onEvicted(frames.shift() as Frame)
  }

  return {
    get openAt() {
      return openAt
    },
    get slots() {
      return slots
    },
    held: () => frames,
    reserve(count) {
      if (count <= slots) return
      slots = slots === 0 ? count : Math.max(count, Math.ceil(slots * 1.1))
      for (const frame of frames) {
        const longer = new Uint16Array(slots)
        longer.set(frame.probes.subarray(0, slots))
        frame.probes = longer
      }
    },
    probe(slot, at, celsius) {
      const frame = frameOf(at)
      if (frame === undefined || slot >= slots) return false
      const code = codeOf(celsius, at - frame.at)
      if (!put(frame, slot, code) || !frame.closed) return true
      carryOn(frame, slot, code)
      changedLate(frame)
      return true
    },
    plant(plant, metricCode, at, value) {
      const frame = frameOf(at)
      if (frame === undefined) return false
      if (!frame.plants.put(plant, metricCode, at, value)) return true
      frame.dirty.plants = true
      if (frame.closed) changedLate(frame)
      return true
    },
    advance(now) {
      if (now < dueAt) return false
      const at = rollUpPeriodAt(now)
      const periods = (at - openAt) / rollUpPeriodMs
      let closed = false
      // What was open is over for long when the journal's time made a jump.
      if (periods > 1) closed = closeBefore(at)
      else if (periods === 1) closed = closeBefore(openAt)
      if (openAt === 0 || periods >= framesHeldMax) {
        for (const frame of frames) onEvicted(frame)
        frames = []
        openPeriod(at)
      }
      while (openAt < at) {
        // Nobody saw these periods: they are written when late readings come for them, and else left out.
        const isSkipped = openAt + rollUpPeriodMs < at
        openPeriod(openAt + rollUpPeriodMs)
        const opened = frames.at(-1)
        if (opened) opened.closed = isSkipped
      }
      if (now >= openAt + closesAfterMs && closeBefore(openAt)) closed = true
      dueAt = dueAfter(openAt)
      return closed
    },
  }
}
