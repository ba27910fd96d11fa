import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { Answer as AnswerOf } from '../../api/client.ts'
import { queryOf } from '../../api/queries.ts'
import { Facts, Page, Panel } from '../../parts/page.tsx'
import { PlainTable } from '../../parts/plain-table.tsx'
import { Answer } from '../../parts/states.tsx'
import { useFormats, useTexts } from '../../settings/settings.tsx'
import { stateOf } from './list.tsx'
import { quarantineEntryRoute } from './route.ts'
import { SendAgain } from './send-again.tsx'

type Entry = AnswerOf<'GET /api/v1/quarantine/{id}'>

/** One delivery in quarantine: its bytes as they came, and everything that is wrong with them. */
export function QuarantineEntryPage() {
  const texts = useTexts()
  const id = Number(quarantineEntryRoute.useParams().id)
  const query = useQuery(queryOf('GET /api/v1/quarantine/{id}', { params: { id } }))
  return (
    <Page
      title={texts.quarantine.entry(String(id))}
      above={<Link to="/quarantine">{texts.quarantine.title}</Link>}
      actions={query.data && <SendAgain ids={[id]} text={texts.quarantine.sendAgain} primary />}
    >
      <Answer query={query}>
        {(entry) => (
          <>
            <State entry={entry} />
            <Problems problems={entry.problems} />
            <Payload entry={entry} />
          </>
        )}
      </Answer>
    </Page>
  )
}

function State({ entry }: { readonly entry: Entry }) {
  const texts = useTexts()
  const { number, dateTime } = useFormats()
  return (
    <Panel title={texts.quarantine.state}>
      <Facts
        facts={[
          { label: texts.quarantine.state, value: stateOf(entry, texts.quarantine) },
          { label: texts.quarantine.received, value: dateTime(entry.receivedAt) },
          {
            label: texts.quarantine.gateway,
            value: (
              <Link to="/gateways/$id" params={{ id: entry.gateway }}>
                {entry.gateway}
              </Link>
            ),
          },
          { label: texts.quarantine.topic, value: entry.topic },
          { label: texts.quarantine.size, value: number(entry.payloadBytes) },
          { label: texts.quarantine.storedReadings, value: number(entry.storedReadings) },
        ]}
      />
    </Panel>
  )
}

function Problems({ problems }: Pick<Entry, 'problems'>) {
  const texts = useTexts()
  return (
    <Panel title={texts.quarantine.problems}>
      <PlainTable
        label={texts.quarantine.problems}
        columns={[texts.quarantine.code, texts.quarantine.path, texts.quarantine.detail]}
        rows={problems.map(({ code, path, detail }) => [code, path || texts.app.none, detail])}
      />
    </Panel>
  )
}

/** Shown as text and nothing else: what a stranger sent is never markup here. */
function Payload({ entry: { payloadText, payloadBase64, payloadCut } }: { readonly entry: Entry }) {
  const texts = useTexts()
  return (
    <Panel title={texts.quarantine.payload}>
      {payloadCut && <p className="hint">{texts.quarantine.payloadCut}</p>}
      {payloadText === undefined && <p className="hint">{texts.quarantine.payloadBinary}</p>}
      <pre className="payload" tabIndex={0}>
        {payloadText ?? hexOf(payloadBase64)}
      </pre>
    </Panel>
  )
}

const bytesPerLine = 16

function hexOf(base64: string): string {
  const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0))
  const lines: string[] = []
  for (let from = 0; from < bytes.length; from += bytesPerLine) {
    const some = [...bytes.subarray(from, from + bytesPerLine)]
    lines.push(
      `${from.toString(16).padStart(6, '0')}  ${some.map((byte) => byte.toString(16).padStart(2, '0')).join(' ')}`,
    )
  }
  return lines.join('\n')
}
