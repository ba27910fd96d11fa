import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { inodePath, liveNamesPath, type Platter, readNames, syncedNamesPath, writeNames } from './losing-files.ts'

const sectorBytes = 512

/** What became of the bytes that no sync had promised; a disk may do any of these. */
export const tailFates = ['lost', 'torn', 'tornIntoZeros', 'sectorsOutOfOrder'] as const
type TailFate = (typeof tailFates)[number]

export interface PowerCut {
  readonly fate: TailFate
  /** Bytes that no sync had promised. */
  readonly bytesAtRisk: number
  /** Files whose name was lost, and files that were removed and came back. */
  readonly namesLost: number
  readonly namesBack: number
}

/**
 * Puts a journal's folder into a state that a power cut may have left: every promised byte and name, and of the rest
 * what chance decides. Call it while no process has the journal open.
 */
export function cutPower(journalDirectory: string, platter: Platter, random: () => number): PowerCut {
  const synced = readNames(syncedNamesPath(platter))
  const live = readNames(liveNamesPath(platter))
  const fate = tailFates[Math.floor(random() * tailFates.length)] ?? 'lost'
  let bytesAtRisk = 0
  let namesLost = 0
  let namesBack = 0
  for (const name of readdirSync(journalDirectory)) {
    if (synced[name] !== undefined) continue
    rmSync(join(journalDirectory, name))
    namesLost++
  }
  for (const [name, inode] of Object.entries(synced)) {
    const path = join(journalDirectory, name)
    const promised = readIfThere(inodePath(platter, inode))
    const written = live[name] === inode ? readIfThere(path) : promised
    if (live[name] !== inode) namesBack++
    const left = leftOver(promised, written, fate, random)
    bytesAtRisk += Math.max(0, written.length - promised.length)
    writeFileSync(path, left)
    // What is on the disk after the cut is what the next cut starts from.
    writeFileSync(inodePath(platter, inode), left)
  }
  writeNames(liveNamesPath(platter), synced)
  return { fate, bytesAtRisk, namesLost, namesBack }
}

function readIfThere(path: string): Buffer {
  return existsSync(path) ? readFileSync(path) : Buffer.alloc(0)
}

/** The promised bytes and what is left of the ones behind them. */
function leftOver(promised: Buffer, written: Buffer, fate: TailFate, random: () => number): Buffer {
  const tail = written.subarray(promised.length)
  if (fate === 'lost' || tail.length === 0) return promised
  if (fate === 'sectorsOutOfOrder') return Buffer.concat([promised, someSectors(promised.length, tail, random)])
  const kept = Math.floor(random() * tail.length)
  const zeros = fate === 'tornIntoZeros' ? tail.length - kept : 0
  return Buffer.concat([promised, tail.subarray(0, kept), Buffer.alloc(zeros)])
}

/** Each sector of the tail got to the disk or did not. */
function someSectors(start: number, tail: Buffer, random: () => number): Buffer {
  const left = Buffer.alloc(tail.length)
  let from = 0
  while (from < tail.length) {
    const to = Math.min(tail.length, from + sectorBytes - ((start + from) % sectorBytes))
    if (random() < 0.5) tail.copy(left, from, from, to)
    from = to
  }
  return left
}
