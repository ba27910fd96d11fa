import { type Controls, resetControls } from './controls.ts'
import type { FaultSubject, FindSubject } from './fault-subjects.ts'
import { type Fault, isActive, sizeOf } from './faults.ts'
import type { ColdSpell } from './weather.ts'

/** The faults of a simulation, sorted by what they act on. Faults may be added while it runs. */
export interface FaultBoard {
  /** Every fault that was ever put on it. */
  readonly all: readonly Fault[]
  readonly coldSpells: readonly ColdSpell[]
  /** Faults of a device or gateway, by its number; most have none. */
  readonly ofDevice: ReadonlyMap<number, readonly Fault[]>
  readonly ofGateway: ReadonlyMap<number, readonly Fault[]>
  add(fault: Fault): void
  /** Sets the controls to the physical faults that hold at a time; does nothing while they stay the same. */
  apply(at: number, controls: Controls): void
}

interface Placed {
  readonly fault: Fault
  readonly subject: FaultSubject
}

export function createFaultBoard(find: FindSubject, faults: readonly Fault[]): FaultBoard {
  const all: Fault[] = []
  const coldSpells: ColdSpell[] = []
  const physical: Placed[] = []
  const ofDevice = new Map<number, Fault[]>()
  const ofGateway = new Map<number, Fault[]>()
  let applied = new Set<Placed>()

  function add(fault: Fault): void {
    const subject = find(fault)
    all.push(fault)
    if (fault.kind === 'coldWave') coldSpells.push({ from: fault.from, to: fault.to, depthK: sizeOf(fault) })
    else if (subject.kind === 'device') append(ofDevice, subject.index, fault)
    else if (subject.kind === 'gateway') append(ofGateway, subject.index, fault)
    else physical.push({ fault, subject })
  }
  for (const fault of faults) add(fault)

  return {
    all,
    coldSpells,
    ofDevice,
    ofGateway,
    add,
    apply(at, controls) {
      const active = new Set(physical.filter(({ fault }) => isActive(fault, at)))
      if (active.size === applied.size && active.isSubsetOf(applied)) return
      applied = active
      resetControls(controls)
      for (const placed of active) act(placed, controls)
    },
  }
}

function append(map: Map<number, Fault[]>, key: number, fault: Fault): void {
  const faults = map.get(key)
  if (faults) faults.push(fault)
  else map.set(key, [fault])
}

function act({ fault, subject }: Placed, controls: Controls): void {
  const { index } = subject
  const size = sizeOf(fault)
  switch (fault.kind) {
    case 'pumpTrip':
      controls.pumpOff[index] = 1
      return
    case 'zoneClosed':
      controls.zoneClosed[index] = 1
      return
    case 'powerLoss':
      controls.powerOff[index] = 1
      return
    case 'boilerTrip':
      controls.boilerOff[index] = 1
      return
    case 'burst': {
      const leak = subject.kind === 'source' ? controls.sourceLeak : controls.circuitLeak
      leak[index] = size
      return
    }
    case 'stuckValve':
      controls.valveStuckAt[index] = size
      return
    case 'airLock':
    case 'imbalance':
      for (const dwelling of subject.dwellings) {
        controls.flowShare[dwelling] = Math.min(controls.flowShare[dwelling] ?? 1, size)
      }
      controls.flowVersion++
      return
    case 'openWindow':
      controls.windowOpen[index] = 1
      return
    default:
      // The other kinds act on the weather or on the stream, not on the physics.
      return
  }
}
