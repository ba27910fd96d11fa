import type { Builder, Dataquery } from '@grafana/grafana-foundation-sdk/cog'
import { liveChannels } from '#domain/live-channel.ts'
import { cityTexts } from '../texts/city.ts'
import { columnTexts, emptyTexts } from '../texts/common.ts'
import { colours } from './colours.ts'
import { dataSources } from './data-sources.ts'
import type { PanelSpec } from './panel.ts'
import type { Thresholds } from './thresholds.ts'

/** How much of what was pushed a browser remembers. */
const rememberedMs = 15 * 60_000

/** A panel of what the api pushes to Grafana Live, with no database between. */
export const livePanel = (limits: Thresholds): PanelSpec => ({
  kind: 'lines',
  texts: cityTexts.livePushed,
  size: [24, 7],
  unit: 'none',
  decimals: 0,
  min: 0,
  steps: limits.none('warning'),
  queries: [],
  otherTargets: [liveTarget('dwellings_below_target')],
  columns: [{ key: 'dwellings_below_target', header: columnTexts.cold, colour: colours.blue }],
  empty: emptyTexts.live,
  dataSource: 'live',
})

function liveTarget(field: string): Builder<Dataquery> {
  const target = {
    refId: 'A',
    datasource: dataSources.live,
    queryType: 'measurements',
    channel: liveChannels.city,
    buffer: rememberedMs,
    filter: { fields: ['time', field] },
    _implementsDataqueryVariant() {},
  }
  return { build: () => target }
}
