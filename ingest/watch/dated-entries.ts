/** Something that holds from a time until a time; an end that never comes is infinite. */
interface Dated {
  readonly validFrom: number
  readonly validTo: number
}

/** The entry that has begun last, if it has not ended. Entries are in order of their beginning. */
export function inForceAt<Entry extends Dated>(entries: readonly Entry[], at: number): Entry | undefined {
  const begun = entries.findLast((entry) => entry.validFrom <= at)
  return begun && begun.validTo > at ? begun : undefined
}

/** Adds an entry, in place of one with the same beginning; one that ends when it begins only takes the other away. */
export function withEntry<Entry extends Dated>(entries: readonly Entry[], entry: Entry): Entry[] {
  const others = entries.filter((other) => other.validFrom !== entry.validFrom)
  const all = entry.validTo > entry.validFrom ? [...others, entry] : others
  return all.sort((left, right) => left.validFrom - right.validFrom)
}

/** An entry as JSON can say it: an end that never comes is null. */
export type Endable<Entry extends Dated> = Omit<Entry, 'validTo'> & { readonly validTo: number | null }

export const ended = <Entry extends { readonly validTo: number | null }>(entry: Entry) => ({
  ...entry,
  validTo: entry.validTo ?? Number.POSITIVE_INFINITY,
})

export const endable = <Entry extends Dated>(entry: Entry) => ({
  ...entry,
  validTo: entry.validTo === Number.POSITIVE_INFINITY ? null : entry.validTo,
})
