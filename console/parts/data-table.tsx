import type { InfiniteData, UseInfiniteQueryResult } from '@tanstack/react-query'
import { useVirtualizer } from '@tanstack/react-virtual'
import { type ReactNode, useEffect, useMemo, useRef } from 'react'
import { useFormats, useTexts } from '../settings/settings.tsx'
import { Empty, Failed, Loading, StaleNotice } from './states.tsx'
import { useIsNarrow } from './viewport.ts'

export interface Column<T> {
  readonly key: string
  readonly title: string
  readonly cell: (row: T) => ReactNode
  /** As a track of a CSS grid, `minmax(8rem, 1fr)` unless given. */
  readonly width?: string
  readonly align?: 'end'
  /** Left out where there is only room for the main things. */
  readonly secondary?: boolean
}

interface DataTableProps<T> {
  readonly label: string
  readonly columns: readonly Column<T>[]
  readonly query: UseInfiniteQueryResult<InfiniteData<{ readonly items: readonly T[] }>>
  readonly rowKey: (row: T) => string
  readonly empty?: ReactNode
}

/** Rows kept ready beyond what is seen, so that a fast scroll shows no holes. */
const overscan = 12

/** A list of any length: only the rows that are seen are in the page, and the next are loaded as one comes near. */
export function DataTable<T>({ label, columns, query, rowKey, empty }: DataTableProps<T>) {
  const { app } = useTexts()
  const { number } = useFormats()
  const rows = useMemo(() => query.data?.pages.flatMap((page) => page.items) ?? [], [query.data])

  if (query.data === undefined) {
    if (query.error) return <Failed error={query.error} onRetry={() => void query.refetch()} />
    return <Loading rows={8} />
  }
  if (rows.length === 0 && !query.hasNextPage) return empty ?? <Empty />
  const count = number(rows.length)
  return (
    <>
      {query.error && <StaleNotice query={query} />}
      <VirtualRows label={label} columns={columns} rows={rows} rowKey={rowKey} onNearEnd={() => loadMore(query)} />
      <p className="table-foot" role="status">
        {query.isFetchingNextPage ? app.loadingMore : query.hasNextPage ? app.rowCountMore(count) : app.rowCount(count)}
      </p>
    </>
  )
}

function loadMore(query: Pick<UseInfiniteQueryResult, 'hasNextPage' | 'isFetching' | 'fetchNextPage'>): void {
  if (query.hasNextPage && !query.isFetching) void query.fetchNextPage()
}

interface VirtualRowsProps<T> extends Pick<DataTableProps<T>, 'label' | 'columns' | 'rowKey'> {
  readonly rows: readonly T[]
  onNearEnd?(): void
}

/** Rows that are all there already, shown as a table that scrolls. */
export function VirtualRows<T>({ label, columns: all, rows, rowKey, onNearEnd }: VirtualRowsProps<T>) {
  const narrow = useIsNarrow()
  const columns = narrow ? all.filter(({ secondary }) => !secondary) : all
  const scroller = useRef<HTMLDivElement>(null)
  const virtualizer = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => (narrow ? 30 + 22 * columns.length : 41),
    getItemKey: (index) => {
      const row = rows[index]
      return row === undefined ? index : rowKey(row)
    },
    overscan,
  })
  const items = virtualizer.getVirtualItems()
  const lastSeen = items.at(-1)?.index ?? 0
  useEffect(() => {
    if (lastSeen >= rows.length - 2 * overscan) onNearEnd?.()
  }, [lastSeen, rows.length, onNearEnd])

  const tracks = columns.map(({ width }) => width ?? 'minmax(8rem, 1fr)').join(' ')
  const gridTemplateColumns = narrow ? undefined : tracks
  return (
    // A region that scrolls must be reachable by keyboard.
    <div className={narrow ? 'table narrow' : 'table'} ref={scroller} tabIndex={0} role="region" aria-label={label}>
      <div role="table" aria-label={label} aria-rowcount={rows.length + 1} aria-colcount={columns.length}>
        <div role="rowgroup" className="table-head">
          <div role="row" aria-rowindex={1} style={{ gridTemplateColumns }}>
            {columns.map(({ key, title, align }) => (
              <span role="columnheader" key={key} data-align={align}>
                {title}
              </span>
            ))}
          </div>
        </div>
        <div role="rowgroup" className="table-body" style={{ height: virtualizer.getTotalSize() }}>
          {items.map(({ index, key, start }) => {
            const row = rows[index]
            if (row === undefined) return null
            return (
              <div
                role="row"
                aria-rowindex={index + 2}
                key={key}
                data-index={index}
                ref={virtualizer.measureElement}
                style={{ gridTemplateColumns, transform: `translateY(${start}px)` }}
              >
                {columns.map(({ key: column, title, cell, align }) => (
                  <span role="cell" key={column} data-align={align} data-title={title}>
                    {cell(row)}
                  </span>
                ))}
              </div>
            )
          })}
        </div>
      </div>
    </div>
  )
}
