import { MultiBar, Presets } from 'cli-progress'
import type { Texts } from './texts.ts'

/** Shows how far the city's history has come. */
export interface HistoryProgress {
  update(cityMs: number, samples: number): void
  done(): void
}

/** A bar on a terminal; elsewhere a line at each tenth, so that a log file stays readable. */
export function showHistoryProgress(
  texts: Texts,
  fromMs: number,
  toMs: number,
  day: (ms: number) => string,
): HistoryProgress {
  const label = (cityMs: number, samples: number) => texts.historyUnit(day(cityMs), samples.toLocaleString('en'))
  if (!process.stderr.isTTY) return printTenths(texts, fromMs, toMs, label)
  const bars = new MultiBar(
    { format: `  ${texts.history} {bar} {percentage}%  {state}`, hideCursor: true },
    Presets.shades_classic,
  )
  const bar = bars.create(toMs - fromMs, 0, { state: label(fromMs, 0) })
  return {
    update: (cityMs, samples) => bar.update(cityMs - fromMs, { state: label(cityMs, samples) }),
    done: () => bars.stop(),
  }
}

function printTenths(
  texts: Texts,
  fromMs: number,
  toMs: number,
  label: (cityMs: number, samples: number) => string,
): HistoryProgress {
  let printed = 0
  return {
    update(cityMs, samples) {
      const tenth = Math.floor(((cityMs - fromMs) / (toMs - fromMs)) * 10)
      if (tenth <= printed) return
      printed = tenth
      console.error(`  ${texts.history} ${tenth * 10} %  ${label(cityMs, samples)}`)
    },
    done: () => {},
  }
}
