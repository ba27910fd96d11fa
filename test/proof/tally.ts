/** Adds up what is missing and what is there too often, by kind of thing. */
export function tally() {
  const kinds = new Map<string, { missing: number; duplicated: number }>()
  const add = (kind: string, missing: number, duplicated: number) => {
    if (missing === 0 && duplicated === 0) return
    const known = kinds.get(kind) ?? { missing: 0, duplicated: 0 }
    known.missing += missing
    known.duplicated += duplicated
    kinds.set(kind, known)
  }
  return {
    /** Compares how many there must be with how many there are. */
    compare: (kind: string, expected: number, found: number) =>
      add(kind, Math.max(0, expected - found), Math.max(0, found - expected)),
    missing: (kind: string, number = 1) => add(kind, number, 0),
    duplicated: (kind: string, number = 1) => add(kind, 0, number),
    result() {
      // A part of a minute is a minute that is not right.
      const all = [...kinds.entries()].map(([kind, { missing, duplicated }]) => {
        return [kind, { missing: Math.ceil(missing), duplicated: Math.ceil(duplicated) }] as const
      })
      return {
        missing: all.reduce((sum, [, { missing }]) => sum + missing, 0),
        duplicated: all.reduce((sum, [, { duplicated }]) => sum + duplicated, 0),
        findings: all.map(([kind, { missing, duplicated }]) => `${kind}: ${missing} missing, ${duplicated} too many`),
      }
    },
  }
}

export type Tally = ReturnType<typeof tally>
