import { coldRules } from '#domain/flag.ts'
import type { LedgerDb } from '#store/ledger/database.ts'
import { openFlagsAfter, type StoredFlag } from '#store/ledger/flags.ts'
import type { Directory } from './directory.ts'
import type { Effect, FlagSubject } from './effect.ts'
import type { DirtyPages } from './pages.ts'
import type { ProbeColumns } from './probe-columns.ts'
import type { WorldWatch } from './world-watch.ts'

interface ReconcileParts {
  readonly db: LedgerDb
  readonly directory: Directory
  readonly columns: ProbeColumns
  readonly pages: DirtyPages
  readonly world: WorldWatch
  /** Whether a flag is this watch's to hold or end; others have theirs. All are where it is absent. */
  belongs?(flag: StoredFlag): boolean
}

const flagsPerPage = 1_000

/**
 * Makes the rebuilt state agree with the ledger on what is open. After a plain crash it does already. It does not
 * when the snapshot was lost, or when the registry changed between the snapshot and the crash: then a flag whose
 * state is gone is taken over from the ledger, one whose subject is gone is ended, and a state that the ledger knows
 * nothing of begins anew. Returns the flags to end, and how much had to be changed.
 */
export async function reconcile(
  parts: ReconcileParts,
  now: number,
  position: number,
): Promise<{ readonly ended: Effect[]; readonly changed: number }> {
  const open = new Set<string>()
  const ended: Effect[] = []
  let changed = 0
  for (let key = ''; ; ) {
    const flags = await openFlagsAfter(parts.db, key, flagsPerPage)
    for (const flag of flags) {
      open.add(conditionKey(flag.subject, flag.rule))
      if (parts.belongs?.(flag) === false) continue
      const outcome = takeOver(parts, flag, position)
      if (outcome === 'held') continue
      changed += 1
      if (outcome === 'gone') ended.push(ending(flag, now))
    }
    const last = flags.at(-1)
    if (!last || flags.length < flagsPerPage) break
    key = last.key
  }
  changed += dropUnknown(parts, open, position)
  return { ended, changed: changed + parts.world.keepOnly((subject, rule) => open.has(conditionKey(subject, rule))) }
}

const conditionKey = (subject: string, rule: string) => `${subject}/${rule}`

type Outcome = 'held' | 'taken' | 'gone'

function takeOver(parts: ReconcileParts, flag: StoredFlag, position: number): Outcome {
  if (flag.subjectKind === 'dwelling') return takeOverDwelling(parts, flag, position)
  if (flag.subjectKind === 'device') return takeOverSilence(parts, flag, position)
  return parts.world.takeOver(flag)
}

function takeOverDwelling({ directory, columns, pages }: ReconcileParts, flag: StoredFlag, position: number): Outcome {
  const dwelling = directory.dwellings.find(flag.subject)
  const slots = dwelling < 0 ? [] : directory.slotsIn(dwelling)
  if (flag.rule === 'openWindow') {
    return slots.some((slot) => columns.windowAt(slot).kind === 'open') ? 'held' : 'gone'
  }
  const rule = coldRules.indexOf(flag.rule)
  if (slots.some((slot) => columns.coldAt(slot, rule).kind === 'open')) return 'held'
  const slot = slots.find((one) => directory.devices.at(one) === flag.device) ?? slots[0]
  if (slot === undefined) return 'gone'
  const state = columns.get(slot)
  const condition = { kind: 'open', since: flag.since, told: !flag.history } as const
  columns.put(slot, { ...state, cold: state.cold.map((held, index) => (index === rule ? condition : held)) })
  pages.touch(slot, position)
  return 'taken'
}

function takeOverSilence({ directory, columns, pages }: ReconcileParts, flag: StoredFlag, position: number): Outcome {
  const slot = directory.devices.find(flag.subject)
  if (slot < 0) return 'gone'
  const state = columns.get(slot)
  if (state.silence.silentSince !== undefined) return 'held'
  const heardAt = state.silence.heardAt ?? flag.since
  columns.put(slot, { ...state, silence: { heardAt, silentSince: flag.since } })
  pages.touch(slot, position)
  return 'taken'
}

function dropUnknown(
  { directory, columns, pages }: ReconcileParts,
  open: ReadonlySet<string>,
  position: number,
): number {
  let changed = 0
  for (let slot = 0; slot < directory.devices.length; slot += 1) {
    if (!columns.isUneasy(slot)) continue
    const state = columns.get(slot)
    const dwelling = directory.dwellings.at(directory.columns.place[slot] as number)
    const isUnknown = (rule: string) => !open.has(conditionKey(dwelling, rule))
    const cold = state.cold.map((held, index) =>
      held.kind === 'open' && isUnknown(coldRules[index] as string) ? ({ kind: 'normal' } as const) : held,
    )
    const { silentSince, ...silence } = state.silence
    const isSilent = silentSince !== undefined && open.has(conditionKey(directory.devices.at(slot), 'probeSilent'))
    const isWindow = state.window.kind === 'open' && !isUnknown('openWindow')
    const same =
      cold.every((held, index) => held === state.cold[index]) &&
      isSilent === (silentSince !== undefined) &&
      isWindow === (state.window.kind === 'open')
    if (same) continue
    changed += 1
    columns.put(slot, {
      ...state,
      cold,
      silence: isSilent ? state.silence : silence,
      window: isWindow || state.window.kind === 'shut' ? state.window : { kind: 'shut' },
    })
    pages.touch(slot, position)
  }
  return changed
}

function ending(flag: StoredFlag, now: number): Effect {
  const { rule, since, history } = flag
  const event = { kind: 'cleared', rule, since, clearedAt: now, by: 'registry', history } as const
  return { kind: 'flag', subject: subjectOf(flag), event, now }
}

function subjectOf(flag: StoredFlag): FlagSubject {
  const { subjectKind, subject, device = '' } = flag
  switch (subjectKind) {
    case 'dwelling':
      return { kind: 'dwelling', id: subject, dwelling: subject, device }
    case 'device':
      // Where it stood is no matter any more: the flag has its whereabouts.
      return { kind: 'device', id: subject, dwelling: subject, device: subject }
    default:
      return { kind: subjectKind, id: subject }
  }
}
