import { DownloadOutlined, PauseOutlined, PlayCircleOutlined } from '@ant-design/icons'
import { Button } from 'antd'
import { useState } from 'react'
import { type Signal, signalKinds } from '#domain/signal.ts'
import { useNewestSignals } from '../../live/signal-window.ts'
import { type Column, VirtualRows } from '../../parts/data-table.tsx'
import { Choices, FilterBar } from '../../parts/filters.tsx'
import { PlaceLink } from '../../parts/names.tsx'
import { Page } from '../../parts/page.tsx'
import { Empty, Failed, Loading } from '../../parts/states.tsx'
import { useFilters } from '../../parts/use-filters.ts'
import { useFormats, useTexts } from '../../settings/settings.tsx'
import { signalsRoute } from './route.ts'
import { SignalWhat } from './signal-what.tsx'

/** The stream itself: every change, numbered, as it comes. */
export function SignalsPage() {
  const texts = useTexts()
  const { number } = useFormats()
  const filters = useFilters(signalsRoute)
  const { kind = [] } = filters.search
  const { signals, error, retry } = useNewestSignals()
  const [held, setHeld] = useState<readonly Signal[]>()
  const columns = useColumns()
  const matching = (held ?? signals)?.filter((signal) => kind.length === 0 || kind.includes(signal.kind))
  const waiting = held && signals ? signals.length - held.length : 0
  return (
    <Page
      title={texts.lists.signalsTitle}
      actions={
        <>
          {waiting > 0 && <span className="soft">{texts.lists.waitingSignals(number(waiting))}</span>}
          <Button
            icon={held ? <PlayCircleOutlined /> : <PauseOutlined />}
            onClick={() => setHeld(held ? undefined : signals)}
            aria-pressed={held !== undefined}
          >
            {held ? texts.lists.resume : texts.lists.pause}
          </Button>
          <Button icon={<DownloadOutlined />} disabled={!matching} onClick={() => matching && download(matching)}>
            {texts.app.export}
          </Button>
        </>
      }
    >
      <FilterBar filters={filters}>
        <Choices
          label={texts.lists.kind}
          value={kind}
          options={signalKinds.map((one) => ({ value: one, label: texts.signal[one] }))}
          onChange={(next) => filters.change({ kind: next })}
        />
      </FilterBar>
      {error && !signals && <Failed error={error} onRetry={retry} />}
      {!error && !matching && <Loading rows={8} />}
      {matching?.length === 0 && <Empty text={texts.lists.noSignals} />}
      {matching && matching.length > 0 && (
        <>
          <VirtualRows
            label={texts.lists.signalsTitle}
            columns={columns}
            rows={matching}
            rowKey={(signal) => String(signal.number)}
          />
          <p className="table-foot">{texts.app.rowCount(number(matching.length))}</p>
        </>
      )}
    </Page>
  )
}

function useColumns(): readonly Column<Signal>[] {
  const { lists, signal: signalWords, app } = useTexts()
  const { dateTime } = useFormats()
  return [
    {
      key: 'number',
      secondary: true,
      title: lists.number,
      width: '6rem',
      align: 'end',
      cell: (signal) => signal.number,
    },
    { key: 'at', title: lists.at, width: '11.5rem', cell: ({ at }) => dateTime(at) },
    { key: 'kind', title: lists.kind, width: '8.5rem', cell: ({ kind }) => signalWords[kind] },
    { key: 'what', title: lists.what, width: 'minmax(13rem, 1fr)', cell: (signal) => <SignalWhat signal={signal} /> },
    {
      key: 'subject',
      title: lists.subject,
      width: 'minmax(15rem, 2fr)',
      cell: ({ subjectKind, subject }) => <PlaceLink kind={subjectKind} id={subject} />,
    },
    {
      key: 'history',
      secondary: true,
      title: lists.history,
      width: '5rem',
      cell: ({ history }) => (history ? <span title={lists.historyHint}>{app.yes}</span> : app.none),
    },
  ]
}

/** The signals that are shown, one JSON object a line, as the service gave them. */
function download(signals: readonly Signal[]): void {
  const lines = signals.map((signal) => `${JSON.stringify(signal)}\n`)
  const address = URL.createObjectURL(new Blob(lines, { type: 'application/x-ndjson' }))
  const link = document.createElement('a')
  link.href = address
  link.download = 'signals.jsonl'
  link.click()
  URL.revokeObjectURL(address)
}
