/** One of the service's own figures, under the name that it has on `/metrics`. */
export interface ServiceFigure {
  /** Name, and labels as the text has them where there are some: `warmcity_quarantine{reason="not_json"}`. */
  readonly figure: string
  readonly value: number
}

/** A service has a few hundred; a text with more is not one of ours. */
const figuresMax = 2_000

/**
 * The figures in a text of Prometheus' format. Buckets are left out, and sums and counts of histograms are added up
 * over their labels; the runtime's own of garbage collection and the like are left out, too.
 */
export function figuresInText(text: string): ServiceFigure[] {
  const figures = new Map<string, number>()
  /** Sums and counts of histograms: each has many labels, of which only the totals are of use over time. */
  const totals = new Set<string>()
  for (const line of text.split('\n')) {
    const histogram = /^# TYPE (\S+) histogram$/.exec(line)?.[1]
    if (histogram !== undefined) for (const part of ['sum', 'count']) totals.add(`${histogram}_${part}`)
    const [, name = '', labels = '', number] = /^([a-zA-Z_:][\w:]*)(\{.*\})? (\S+)$/.exec(line) ?? []
    const value = Number(number)
    if (name === '' || !Number.isFinite(value) || name.endsWith('_bucket') || name.includes('nodejs_')) continue
    const isTotal = totals.has(name)
    const figure = isTotal ? name : `${name}${labels}`
    figures.set(figure, isTotal ? (figures.get(figure) ?? 0) + value : value)
    if (figures.size >= figuresMax) break
  }
  return [...figures].map(([figure, value]) => ({ figure, value }))
}
