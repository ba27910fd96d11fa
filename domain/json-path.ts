/**
 * Places in JSON: `data.items[0].t`, `["a.b"].c`, `$.sn` or `$`. A path that begins with "$" starts at the whole payload,
 * any other at the part that is being read.
 */
export interface JsonPath {
  readonly fromRoot: boolean
  readonly steps: readonly (string | number)[]
}

const step = /\.?([^.[\]"$\s][^.[\]"]*)|\[(\d{1,6})\]|\["([^"]+)"\]/y

/** The path, or undefined where the text is none. */
export function parseJsonPath(text: string): JsonPath | undefined {
  const fromRoot = text.startsWith('$')
  const steps: (string | number)[] = []
  step.lastIndex = fromRoot ? 1 : 0
  if (!fromRoot && (text === '' || text.startsWith('.'))) return undefined
  while (step.lastIndex < text.length) {
    const found = step.exec(text)
    if (!found) return undefined
    steps.push(found[2] === undefined ? (found[1] ?? found[3] ?? '') : Number(found[2]))
  }
  return { fromRoot, steps }
}

/** What lies at the path; undefined where nothing does. Only what the payload itself holds is found. */
export function valueAt(path: JsonPath, root: unknown, part: unknown): unknown {
  let value = path.fromRoot ? root : part
  for (const name of path.steps) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined
    value = (value as Record<string | number, unknown>)[name]
  }
  return value
}
