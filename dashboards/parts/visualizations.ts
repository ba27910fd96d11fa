import { PanelBuilder as BarChart } from '@grafana/grafana-foundation-sdk/barchart'
import {
  BigValueColorMode,
  BigValueGraphMode,
  GraphDrawStyle,
  LegendDisplayMode,
  LegendPlacement,
  ReduceDataOptionsBuilder,
  StackingConfigBuilder,
  StackingMode,
  TooltipDisplayMode,
  VisibilityMode,
  VizLegendOptionsBuilder,
  VizOrientation,
  VizTooltipOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/common'
import { FieldColorBuilder, FieldColorModeId } from '@grafana/grafana-foundation-sdk/dashboard'
import { PanelBuilder as Stat } from '@grafana/grafana-foundation-sdk/stat'
import { PanelBuilder as StateTimeline } from '@grafana/grafana-foundation-sdk/statetimeline'
import { PanelBuilder as Table } from '@grafana/grafana-foundation-sdk/table'
import { PanelBuilder as TimeSeries } from '@grafana/grafana-foundation-sdk/timeseries'

/** Ways to show data: lines and bars over time, one number, a table, bars by name, and states over time. */
export type PanelKind = 'lines' | 'bars' | 'stat' | 'table' | 'barchart' | 'states'

interface Look {
  readonly kind: PanelKind
  readonly stacked?: boolean
}

export function makeVisualization({
  kind,
  stacked = false,
}: Look): TimeSeries | Stat | Table | BarChart | StateTimeline {
  switch (kind) {
    case 'stat':
      return new Stat()
        .colorMode(BigValueColorMode.Value)
        .graphMode(BigValueGraphMode.Area)
        .colorScheme(colourBy(FieldColorModeId.Thresholds))
        .reduceOptions(new ReduceDataOptionsBuilder().calcs(['lastNotNull']).values(false))
    case 'table':
      return new Table().showHeader(true).colorScheme(colourBy(FieldColorModeId.Thresholds))
    case 'barchart':
      return new BarChart()
        .orientation(VizOrientation.Horizontal)
        .xField('name')
        .showValue(VisibilityMode.Auto)
        .legend(legend())
        .tooltip(tooltip())
        .colorScheme(colourBy(FieldColorModeId.Thresholds))
    case 'states':
      return new StateTimeline()
        .showValue(VisibilityMode.Never)
        .mergeValues(true)
        .legend(legend())
        .tooltip(tooltip())
        .colorScheme(colourBy(FieldColorModeId.Thresholds))
    default:
      return timeSeries(kind, stacked)
  }
}

function timeSeries(kind: 'lines' | 'bars', stacked: boolean): TimeSeries {
  const panel = new TimeSeries()
    .drawStyle(kind === 'bars' ? GraphDrawStyle.Bars : GraphDrawStyle.Line)
    .fillOpacity(kind === 'bars' ? 60 : 0)
    .lineWidth(2)
    .showPoints(VisibilityMode.Never)
    .legend(legend())
    .tooltip(tooltip())
    .colorScheme(colourBy(FieldColorModeId.PaletteClassicByName))
  return stacked ? panel.stacking(new StackingConfigBuilder().mode(StackingMode.Normal).group('A')) : panel
}

const colourBy = (mode: FieldColorModeId) => new FieldColorBuilder().mode(mode)

const legend = () =>
  new VizLegendOptionsBuilder()
    .displayMode(LegendDisplayMode.List)
    .placement(LegendPlacement.Bottom)
    .showLegend(true)
    .calcs([])

const tooltip = () => new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi)
