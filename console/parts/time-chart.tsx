import type { EChartsCoreOption } from 'echarts/core'
import type { AlertTier } from '#domain/alert.ts'
import type { Palette } from '../settings/palette.ts'
import { useFormats, usePalette, useSettings, useTexts } from '../settings/settings.tsx'
import { Chart } from './chart.tsx'
import { useIsWall } from './viewport.ts'

/** A measured or expected value over time. */
export interface TimeSeries {
  readonly name: string
  readonly unit: string
  readonly points: readonly (readonly [at: number, value: number])[]
  /** Which of the palette's lines; in order of the series unless given. */
  readonly colour?: number
  /** What should be rather than what is. */
  readonly expected?: boolean
  readonly axis?: 'left' | 'right'
  /** Goes in steps: a state that holds until the next. */
  readonly step?: boolean
  /** A longer pause than this is a gap in the line. */
  readonly gapMs?: number
}

/** Single values that are drawn apart: suspect or failed readings. */
export interface TimeMarks {
  readonly name: string
  readonly unit: string
  readonly shape: 'triangle' | 'diamond'
  readonly points: readonly (readonly [at: number, value: number])[]
}

/** A time that something lasted, drawn behind the lines. */
export interface TimeArea {
  readonly name: string
  readonly from: number
  readonly to: number
  readonly tier: AlertTier
}

interface TimeChartProps {
  readonly label: string
  readonly from: number
  readonly to: number
  readonly series: readonly TimeSeries[]
  readonly marks?: readonly TimeMarks[]
  readonly areas?: readonly TimeArea[]
  readonly height?: number
}

/** Lines over time in the city's zone, with what was expected, doubtful values and times of flags drawn in. */
export function TimeChart({ label, from, to, series, marks = [], areas = [], height = 300 }: TimeChartProps) {
  const { app } = useTexts()
  const { timeZone } = useSettings()
  const formats = useFormats()
  const palette = usePalette()
  const offsetMs = zoneOffsetMs(timeZone, to)
  const wall = useIsWall()
  const fontSize = wall ? 18 : 12
  const shown = series.filter(({ points }) => points.length > 0)

  const option: EChartsCoreOption = {
    // The library knows the browser's zone and UTC; the city's is made of UTC by moving all times.
    useUTC: true,
    color: [...palette.series],
    grid: { left: 8, right: 8, top: fontSize * 3.4, bottom: 4, containLabel: true },
    legend: {
      type: 'scroll',
      top: 0,
      left: 0,
      right: 40,
      icon: 'roundRect',
      itemWidth: 16,
      itemHeight: 4,
      itemGap: 14,
      textStyle: { color: palette.ink, fontSize },
      data: [...shown, ...marks.filter(({ points }) => points.length > 0)].map(({ name }) => name),
    },
    tooltip: {
      trigger: 'axis',
      confine: true,
      backgroundColor: palette.surface,
      borderColor: palette.line,
      textStyle: { color: palette.ink },
      formatter: (hovered: readonly Hovered[]) => tooltipOf(hovered, offsetMs, formats),
    },
    xAxis: {
      type: 'time',
      min: from + offsetMs,
      max: to + offsetMs,
      axisLine: { lineStyle: { color: palette.lineStrong } },
      axisLabel: { color: palette.inkSoft, fontSize, hideOverlap: true, formatter: timeLabels },
    },
    yAxis: axesOf(shown, palette, fontSize),
    series: [
      ...shown.map((one, index) => lineOf(one, index, offsetMs, palette)),
      ...marks.map((one) => marksOf(one, offsetMs, palette)),
      areasOf(areas, from, to, offsetMs, palette, fontSize),
    ],
  }
  const table = () => ({
    columns: [app.columnTime, app.columnWhat, app.columnValue],
    rows: [...shown, ...marks]
      .flatMap(({ name, unit, points }) =>
        points.map(([at, value]) => ({ at, name, text: formats.quantity(value, unit) })),
      )
      .sort((left, right) => right.at - left.at)
      .map(({ at, name, text }) => [formats.dateTime(at), name, text]),
  })
  return <Chart label={label} option={option} table={table} height={wall ? height * 1.5 : height} />
}

interface Hovered {
  readonly axisValue: number
  readonly marker: string
  readonly color: string
  readonly seriesName: string
  readonly value: readonly [number, number | null, string]
}

/** Built of nodes, never of markup: names come from a registry that people write. */
function tooltipOf(hovered: readonly Hovered[], offsetMs: number, formats: ReturnType<typeof useFormats>): HTMLElement {
  const box = document.createElement('div')
  const first = hovered[0]
  if (!first) return box
  const time = document.createElement('div')
  time.textContent = formats.dateTime(first.axisValue - offsetMs)
  box.append(time)
  for (const { seriesName, value, color } of hovered) {
    const [, amount, unit] = value
    if (amount === null || amount === undefined) continue
    const line = document.createElement('div')
    const dot = document.createElement('span')
    dot.className = 'tooltip-dot'
    dot.style.background = color
    const text = document.createElement('span')
    text.textContent = `${seriesName}  ${formats.quantity(amount, unit)}`
    line.append(dot, text)
    box.append(line)
  }
  return box
}

const timeLabels = { month: '{MM}-{dd}', day: '{MM}-{dd}', hour: '{HH}:{mm}', minute: '{HH}:{mm}' }

/** An axis shows at least so much: the noise of a sensor is no event. */
const spanMin: Readonly<Record<string, number>> = { '°C': 4, MPa: 0.1, Hz: 10, '%': 20, 'm³/h': 5 }

function axesOf(series: readonly TimeSeries[], palette: Palette, fontSize: number) {
  const unitOf = (axis: 'left' | 'right') => series.find((one) => (one.axis ?? 'left') === axis)?.unit
  const left = unitOf('left')
  const right = unitOf('right')
  const axis = (unit: string | undefined, position: 'left' | 'right') => ({
    type: 'value',
    position,
    name: unit ?? '',
    nameTextStyle: { color: palette.inkSoft, fontSize, align: position === 'left' ? 'left' : 'right' },
    nameGap: 8,
    scale: true,
    min: ({ min, max }: Extent) => roundedDown(min - missing(min, max, unit)),
    max: ({ min, max }: Extent) => roundedUp(max + missing(min, max, unit)),
    axisLabel: { color: palette.inkSoft, fontSize },
    splitLine: { show: position === 'left', lineStyle: { color: palette.line } },
  })
  return right === undefined ? [axis(left, 'left')] : [axis(left, 'left'), axis(right, 'right')]
}

interface Extent {
  readonly min: number
  readonly max: number
}
/** What lacks on each side to the least span of a unit. */
const missing = (min: number, max: number, unit = ''): number => Math.max(0, ((spanMin[unit] ?? 1) - (max - min)) / 2)
const roundedDown = (value: number) => (Math.abs(value) < 10 ? Math.floor(value * 10) / 10 : Math.floor(value))
const roundedUp = (value: number) => (Math.abs(value) < 10 ? Math.ceil(value * 10) / 10 : Math.ceil(value))

function lineOf(one: TimeSeries, index: number, offsetMs: number, palette: Palette) {
  const colour = palette.series[(one.colour ?? index) % palette.series.length]
  return {
    type: 'line',
    name: one.name,
    yAxisIndex: one.axis === 'right' ? 1 : 0,
    showSymbol: false,
    step: one.step ? 'end' : false,
    sampling: 'lttb',
    lineStyle: { color: colour, width: one.expected ? 1.5 : 2, type: one.expected ? 'dashed' : 'solid' },
    itemStyle: { color: colour },
    data: withGaps(one.points, one.gapMs).map(([at, value]) => [at + offsetMs, value, one.unit]),
  }
}

/** A line that goes on over hours without a reading would claim to know. */
function withGaps(
  points: TimeSeries['points'],
  gapMs = Number.POSITIVE_INFINITY,
): readonly (readonly [number, number | null])[] {
  const drawn: (readonly [number, number | null])[] = []
  let before: number | undefined
  for (const point of points) {
    if (before !== undefined && point[0] - before > gapMs) drawn.push([before + 1, null])
    drawn.push(point)
    before = point[0]
  }
  return drawn
}

const marksOf = ({ name, unit, shape, points }: TimeMarks, offsetMs: number, palette: Palette) => ({
  type: 'scatter',
  name,
  symbol: shape,
  symbolSize: 10,
  itemStyle: { color: palette.tiers.serious.ink },
  data: points.map(([at, value]) => [at + offsetMs, value, unit]),
})

function areasOf(
  areas: readonly TimeArea[],
  from: number,
  to: number,
  offsetMs: number,
  palette: Palette,
  fontSize: number,
) {
  return {
    type: 'line',
    data: [],
    markArea: {
      silent: true,
      data: areas.map((area) => [
        {
          name: area.name,
          xAxis: Math.max(area.from, from) + offsetMs,
          itemStyle: { color: palette.tiers[area.tier].ink, opacity: 0.12 },
          label: { position: 'insideBottom', color: palette.tiers[area.tier].ink, fontSize: fontSize - 1 },
        },
        { xAxis: Math.min(area.to, to) + offsetMs },
      ]),
    },
  }
}

/** How far the zone's clocks are ahead of UTC at a time. */
function zoneOffsetMs(timeZone: string, at: number): number {
  const parts = new Intl.DateTimeFormat('en-US', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  }).formatToParts(at)
  const part = (type: string) => Number(parts.find((one) => one.type === type)?.value)
  const local = Date.UTC(part('year'), part('month') - 1, part('day'), part('hour'), part('minute'), part('second'))
  return local - Math.floor(at / 1_000) * 1_000
}
