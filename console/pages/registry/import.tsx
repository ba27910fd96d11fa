import { InboxOutlined } from '@ant-design/icons'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Alert, Button, Input, Upload } from 'antd'
import { useState } from 'react'
import { ApiProblem, addressOf, type Schemas, send } from '../../api/client.ts'
import { Choice } from '../../parts/filters.tsx'
import { Page, Panel } from '../../parts/page.tsx'
import { PlainTable } from '../../parts/plain-table.tsx'
import { Failed } from '../../parts/states.tsx'
import { useFormats, useTexts } from '../../settings/settings.tsx'
import { type ImportTable, importTables } from './tables.ts'

interface RowProblem {
  readonly file: string
  readonly line: number
  readonly column: string
  readonly reason: string
}

/** What is told of a file: every wrong row, or what would change. */
type Verdict =
  | { readonly ok: true; readonly result: Schemas['ImportResult']; readonly written: boolean }
  | { readonly ok: false; readonly problems: readonly RowProblem[]; readonly count: number }

interface Chosen {
  readonly file: File
  readonly table: ImportTable | undefined
}

/** Takes a file into the registry: it is checked row by row first, and written only on a second word. */
export function RegistryImportPage() {
  const texts = useTexts()
  const cache = useQueryClient()
  const [chosen, setChosen] = useState<Chosen>()
  const [note, setNote] = useState('')
  const sending = useMutation({
    mutationFn: ({ check }: { check: boolean }) => submit(chosen as Chosen, note, check),
    onSuccess: (verdict) => {
      if (verdict.ok && verdict.written) void cache.invalidateQueries()
    },
  })
  const isCsv = chosen?.file.name.toLowerCase().endsWith('.csv') === true
  const verdict = sending.data
  const mayWrite = verdict?.ok === true && !verdict.written && verdict.result.changed
  return (
    <Page title={texts.registry.importTitle}>
      <Panel title={texts.registry.chooseFile}>
        <p className="hint">{texts.registry.importHint}</p>
        <Upload.Dragger
          accept=".csv,.json"
          maxCount={1}
          showUploadList={false}
          beforeUpload={(file) => {
            setChosen({ file, table: tableNamed(file.name) })
            sending.reset()
            return false
          }}
        >
          <p aria-hidden className="drop-icon">
            <InboxOutlined />
          </p>
          <p>{chosen ? `${texts.registry.fileName}: ${chosen.file.name}` : texts.registry.dropFile}</p>
          <p className="hint">{texts.registry.fileKinds}</p>
        </Upload.Dragger>
        {chosen && (
          <div className="form-row">
            {isCsv && (
              <Choice
                label={texts.registry.intoTable}
                value={chosen.table}
                options={importTables.map((value) => ({ value, label: texts.registryTable[value] }))}
                onChange={(table) => {
                  setChosen({ ...chosen, table })
                  sending.reset()
                }}
              />
            )}
            <div className="choice wide">
              <span aria-hidden>{texts.registry.note}</span>
              <Input
                aria-label={texts.registry.note}
                value={note}
                maxLength={200}
                onChange={(event) => setNote(event.target.value)}
              />
            </div>
            <Button
              type={mayWrite ? 'default' : 'primary'}
              loading={sending.isPending}
              disabled={isCsv && chosen.table === undefined}
              onClick={() => sending.mutate({ check: true })}
            >
              {texts.registry.check}
            </Button>
            {mayWrite && (
              <Button type="primary" loading={sending.isPending} onClick={() => sending.mutate({ check: false })}>
                {texts.registry.take}
              </Button>
            )}
          </div>
        )}
      </Panel>
      {sending.error && <Failed error={sending.error} onRetry={() => sending.reset()} />}
      {verdict && (verdict.ok ? <Counts verdict={verdict} /> : <WrongRows verdict={verdict} />)}
    </Page>
  )
}

const tableNamed = (fileName: string): ImportTable | undefined => {
  const name = fileName.replace(/\.[^.]*$/, '')
  return importTables.find((table) => table === name)
}

async function submit({ file, table }: Chosen, note: string, check: boolean): Promise<Verdict> {
  const isCsv = file.name.toLowerCase().endsWith('.csv')
  const address = addressOf('POST /api/v1/registry/import', {
    query: { check: String(check), ...(isCsv && table !== undefined && { table }), ...(note !== '' && { note }) },
  })
  try {
    const type = isCsv ? 'text/csv' : 'application/json'
    const result = (await send('POST', address, { body: file, type })) as Schemas['ImportResult']
    return { ok: true, result, written: !check }
  } catch (error) {
    if (!(error instanceof ApiProblem) || error.code !== 'rejected') throw error
    const { problems = [], problemCount = problems.length } = error.body as {
      problems?: readonly RowProblem[]
      problemCount?: number
    }
    return { ok: false, problems, count: problemCount }
  }
}

function Counts({ verdict }: { readonly verdict: Extract<Verdict, { ok: true }> }) {
  const texts = useTexts()
  const { number } = useFormats()
  const { result, written } = verdict
  const title = !result.changed
    ? texts.registry.nothingNew
    : written
      ? texts.registry.taken(number(result.batch))
      : texts.registry.allRight
  return (
    <Panel title={written ? texts.registry.importTitle : texts.registry.check}>
      <Alert type={result.changed ? 'success' : 'info'} showIcon title={title} />
      <PlainTable
        label={title}
        columns={(['table', 'read', 'added', 'corrected', 'unchanged'] as const).map((name) => texts.registry[name])}
        rows={Object.entries(result.counts).map(([table, { read, added, corrected, unchanged }]) => [
          texts.registryTable[table as ImportTable] ?? table,
          ...[read, added, corrected, unchanged].map((count) => number(count)),
        ])}
      />
    </Panel>
  )
}

function WrongRows({ verdict }: { readonly verdict: Extract<Verdict, { ok: false }> }) {
  const texts = useTexts()
  const { number } = useFormats()
  const { problems, count } = verdict
  return (
    <Panel title={texts.registry.check}>
      <Alert
        type="error"
        showIcon
        title={texts.registry.wrongRows(number(count))}
        description={count > problems.length ? texts.registry.wrongRowsShown(number(problems.length)) : undefined}
      />
      <PlainTable
        label={texts.registry.wrongRows(number(count))}
        columns={(['fileName', 'line', 'column', 'reason'] as const).map((name) => texts.registry[name])}
        rows={problems.map(({ file, line, column, reason }) => [file, number(line), column || texts.app.none, reason])}
      />
    </Panel>
  )
}
