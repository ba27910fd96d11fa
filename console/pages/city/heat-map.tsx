import { useNavigate } from '@tanstack/react-router'
import type { EChartsCoreOption } from 'echarts/core'
import { Chart } from '../../parts/chart.tsx'
import { useIsNarrow, useIsWall } from '../../parts/viewport.ts'
import { coldSteps, coldTone, type Palette } from '../../settings/palette.ts'
import { useFormats, usePalette, useSettings, useTexts } from '../../settings/settings.tsx'
import { nameIn } from '../../text/words.ts'
import { groupsOf, type Leaf } from './groups.ts'
import type { Overview } from './overview.ts'
import type { Grouping } from './route.ts'

interface HeatMapProps {
  readonly overview: Overview
  readonly by: Grouping
}

/** Every circuit of the city: how large it is, and how much of it is cold. */
export function HeatMap({ overview, by }: HeatMapProps) {
  const { city } = useTexts()
  const { language } = useSettings()
  const { percent, number } = useFormats()
  const palette = usePalette()
  const narrow = useIsNarrow()
  const wall = useIsWall()
  const navigate = useNavigate()
  const groups = groupsOf(overview, by, (place) => nameIn(language, place.name, place.nameEn), city.unknownGroup)
  const shareText = (share: number | undefined) => (share === undefined ? city.notMeasured : percent(share))
  const worst = groups
    .flatMap(({ leaves }) => leaves)
    .toSorted((left, right) => (right.share ?? -1) - (left.share ?? -1))[0]
  const fontSize = wall ? 19 : 13

  const option: EChartsCoreOption = {
    tooltip: {
      confine: true,
      backgroundColor: palette.surface,
      borderColor: palette.line,
      textStyle: { color: palette.ink, fontSize },
      formatter: (hovered: { name: string; data: Partial<Leaf>; value: number }) =>
        linesOf([
          hovered.name,
          `${city.homes} ${number(hovered.value)}`,
          `${city.share} ${shareText(hovered.data.share)}`,
        ]),
    },
    series: [
      {
        type: 'treemap',
        roam: false,
        nodeClick: false,
        breadcrumb: { show: false },
        left: 0,
        right: 0,
        top: 0,
        bottom: 0,
        visibleMin: 20,
        label: { fontSize, overflow: 'truncate', formatter: labelOf(shareText) },
        upperLabel: {
          show: true,
          height: fontSize * 2,
          fontSize,
          fontWeight: 600,
          color: palette.ink,
          formatter: ({ name, data }: { name: string; data: { share?: number } }) =>
            `${name}  ${shareText(data.share)}`,
        },
        levels: [
          { upperLabel: { show: false }, itemStyle: { gapWidth: 6, borderWidth: 0, borderColor: palette.surface } },
          { itemStyle: { gapWidth: 1, borderWidth: 2, borderColor: palette.sunken, color: palette.sunken } },
          { itemStyle: { gapWidth: 1, borderWidth: 1, borderColor: palette.surface } },
        ],
        data: groups.map(({ name, share, leaves }) => ({
          name,
          share,
          itemStyle: { color: palette.sunken, borderColor: palette.sunken },
          children: leaves.map((leaf) => ({ ...leaf, ...paint(palette, leaf.share) })),
        })),
      },
    ],
  }
  const table = () => ({
    columns: [city.group, city.place, city.homes, city.share],
    rows: groups.flatMap(({ name, leaves }) =>
      leaves.map((leaf) => [name, leaf.name, number(leaf.value), shareText(leaf.share)]),
    ),
  })
  return (
    <>
      <Chart
        label={city.mapLabel(worst ? `${worst.name} ${shareText(worst.share)}` : city.none)}
        option={option}
        table={table}
        height={narrow ? 420 : 'max(24rem, calc(100dvh - 26rem))'}
        onClick={(data) => {
          const { circuit } = data as Partial<Leaf>
          if (circuit !== undefined)
            void navigate({ to: '/plants/$kind/$id', params: { kind: 'circuit', id: circuit } })
        }}
      />
      <Legend />
    </>
  )
}

function Legend() {
  const { city } = useTexts()
  const { percent } = useFormats()
  return (
    <ul className="legend">
      <li>{city.legend}</li>
      {coldSteps.map((begin, step) => (
        <li key={begin}>
          <span className="calendar-day" data-step={step} />
          <span>{step === 0 ? city.under(percent(coldSteps[1])) : city.from(percent(begin))}</span>
        </li>
      ))}
      <li>
        <span className="calendar-day" data-step="none" />
        <span>{city.notMeasured}</span>
      </li>
    </ul>
  )
}

const paint = (palette: Palette, share: number | undefined) => {
  const { ground, ink } = coldTone(palette, share)
  return { itemStyle: { color: ground }, label: { color: ink } }
}

const labelOf =
  (shareText: (share: number | undefined) => string) =>
  ({ name, data }: { name: string; data: Partial<Leaf> }) =>
    `${name}\n${data.share === undefined ? '' : shareText(data.share)}`

/** Built of nodes, never of markup: names come from a registry that people write. */
function linesOf(lines: readonly string[]): HTMLElement {
  const box = document.createElement('div')
  for (const line of lines) {
    const row = document.createElement('div')
    row.textContent = line
    box.append(row)
  }
  return box
}
