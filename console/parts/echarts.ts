import { HeatmapChart, LineChart, ScatterChart, TreemapChart } from 'echarts/charts'
import {
  CalendarComponent,
  DataZoomInsideComponent,
  GridComponent,
  LegendComponent,
  MarkAreaComponent,
  MarkLineComponent,
  TooltipComponent,
  VisualMapPiecewiseComponent,
} from 'echarts/components'
import { init, use } from 'echarts/core'
import { CanvasRenderer } from 'echarts/renderers'

/** Only what the pages draw: all of ECharts is a megabyte. */
use([
  CalendarComponent,
  CanvasRenderer,
  DataZoomInsideComponent,
  GridComponent,
  HeatmapChart,
  LegendComponent,
  LineChart,
  MarkAreaComponent,
  MarkLineComponent,
  ScatterChart,
  TooltipComponent,
  TreemapChart,
  VisualMapPiecewiseComponent,
])

export { init }
