import { BarChartOutlined, TableOutlined } from '@ant-design/icons'
import { Button } from 'antd'
import type { ECharts, EChartsCoreOption } from 'echarts/core'
import { useEffect, useRef, useState } from 'react'
import { fontFamily } from '../settings/palette.ts'
import { usePalette, useTexts } from '../settings/settings.tsx'
import { PlainTable } from './plain-table.tsx'
import { Loading } from './states.tsx'

/** What a chart shows, in words. */
interface ChartData {
  readonly columns: readonly string[]
  readonly rows: readonly (readonly string[])[]
}

interface ChartProps {
  /** What the chart shows and, where there is one, its main message: read out instead of the picture. */
  readonly label: string
  readonly option: EChartsCoreOption
  /** The same data for those who cannot see the picture. */
  readonly table: () => ChartData
  readonly height: number | string
  onClick?(data: unknown): void
}

/** On its way as soon as a page with charts is, not only when there is something to draw. */
const library = import('./echarts.ts')

/** Rows of a chart's table; a table that goes on longer is better exported. */
const tableRowsMax = 500

/** A chart with the colours of the page, and its table at the press of a button. */
export function Chart({ label, option, table, height, onClick }: ChartProps) {
  const { app } = useTexts()
  const [asTable, setAsTable] = useState(false)
  return (
    <figure className="chart">
      <Button
        className="chart-switch"
        type="text"
        size="small"
        icon={asTable ? <BarChartOutlined /> : <TableOutlined />}
        aria-label={`${asTable ? app.showChart : app.showTable}: ${label}`}
        title={asTable ? app.showChart : app.showTable}
        onClick={() => setAsTable(!asTable)}
      />
      {asTable ? (
        <ChartTable label={label} {...table()} />
      ) : (
        <Canvas label={label} option={option} height={height} onClick={onClick} />
      )}
    </figure>
  )
}

function ChartTable({ label, columns, rows }: ChartData & { readonly label: string }) {
  return (
    <div className="chart-table">
      <PlainTable label={label} columns={columns} rows={rows.slice(0, tableRowsMax)} />
    </div>
  )
}

type CanvasProps = Pick<ChartProps, 'label' | 'option' | 'height'> & { onClick: ChartProps['onClick'] | undefined }

function Canvas({ label, option, height, onClick }: CanvasProps) {
  const host = useRef<HTMLDivElement>(null)
  const clicked = useRef(onClick)
  clicked.current = onClick
  const palette = usePalette()
  const [chart, setChart] = useState<ECharts>()

  useEffect(() => {
    const element = host.current
    if (!element) return
    let made: ECharts | undefined
    let gone = false
    const resize = new ResizeObserver(() => made?.resize())
    void library.then(({ init }) => {
      if (gone) return
      made = init(element, null, { renderer: 'canvas' })
      made.on('click', (event) => clicked.current?.(event.data))
      resize.observe(element)
      setChart(made)
    })
    return () => {
      gone = true
      resize.disconnect()
      made?.dispose()
    }
  }, [])

  useEffect(() => {
    chart?.setOption(
      { textStyle: { fontFamily, color: palette.inkSoft }, animation: false, ...option },
      { notMerge: true, lazyUpdate: true },
    )
  }, [chart, option, palette])

  return (
    <div className="chart-canvas" style={{ height }}>
      {!chart && <Loading />}
      <div ref={host} role="img" aria-label={label} />
    </div>
  )
}
