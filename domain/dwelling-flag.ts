import type { FlagEvent } from './watch-event.ts'

/** Whether another probe of the same home holds the condition, and whether people were told of it. */
export interface OtherProbe {
  readonly open: boolean
  readonly told: boolean
}

/**
 * What one probe's event means for the home. The home's flag is up while any of its probes holds the condition: every
 * room has to be warm, so the coldest decides. Undefined where nothing changes for the home.
 */
export function dwellingFlagEvent(event: FlagEvent, others: readonly OtherProbe[]): FlagEvent | undefined {
  const open = others.some((other) => other.open)
  const told = others.some((other) => other.open && other.told)
  switch (event.kind) {
    case 'raised':
      if (!open) return event
      // Known from history by the other probe, and now seen live: people are told of it.
      return told || event.history ? undefined : announced(event.rule, event.since, event.raisedAt)
    case 'announced':
      return told ? undefined : event
    case 'cleared':
      return open ? undefined : event
  }
}

const announced = (rule: FlagEvent['rule'], since: number, at: number): FlagEvent => ({
  kind: 'announced',
  rule,
  since,
  at,
})
