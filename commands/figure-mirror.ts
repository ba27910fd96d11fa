import { figuresInText } from '#domain/service-figure.ts'
import type { Clock } from '#domain/time.ts'
import type { FactStore } from '#store/telemetry/fact-store.ts'

/** As often as the api's own. */
const figuresEveryMs = 10_000

interface FigureMirrorDeps {
  /** Which of several edges. */
  readonly instance: string
  readonly clock: Clock
  readonly facts: FactStore
  metricsText(): Promise<string>
  onError(error: unknown): void
}

/** Writes the edge's own figures to where dashboards ask, so that one data source is enough for them. */
export function mirrorFigures(deps: FigureMirrorDeps): { close(): Promise<void> } {
  let running: Promise<void> | undefined
  const timer = setInterval(() => {
    running ??= writeFigures(deps)
      .catch(deps.onError)
      .finally(() => {
        running = undefined
      })
  }, figuresEveryMs)
  return {
    async close() {
      clearInterval(timer)
      await running
    },
  }
}

/** The figures as they are now. */
export async function writeFigures({
  instance,
  clock,
  facts,
  metricsText,
}: Omit<FigureMirrorDeps, 'onError'>): Promise<void> {
  const at = clock.now()
  const figures = figuresInText(await metricsText())
  await facts.writeFacts(
    figures.map(({ figure, value }) => ({
      kind: 'serviceFigure',
      tags: { service: 'edge', instance, figure },
      fields: { value },
      at,
    })),
  )
}
