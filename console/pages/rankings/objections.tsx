import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Button, Form, Input, Modal, Select } from 'antd'
import { useState } from 'react'
import { call, type Schemas } from '../../api/client.ts'
import { queryOf } from '../../api/queries.ts'
import { Panel } from '../../parts/page.tsx'
import { PlainTable } from '../../parts/plain-table.tsx'
import { ProblemNotice } from '../../parts/problem-notice.tsx'
import { Answer, Empty } from '../../parts/states.tsx'
import { useMay } from '../../session/session.ts'
import { useFormats, useTexts } from '../../settings/settings.tsx'

type List = Schemas['RankingList']
type Firm = Schemas['RankedFirm']
type Objection = Schemas['RankingObjection']

interface ObjectionsProps {
  readonly list: List
  readonly firms: readonly Firm[]
}

/** What was objected to the list, by whom, and what came of it. */
export function Objections({ list, firms }: ObjectionsProps) {
  const texts = useTexts()
  const { dateTime } = useFormats()
  const mayObject = useMay('ranking.claim')
  const mayDecide = useMay('ranking.publish')
  const [objecting, setObjecting] = useState(false)
  const [deciding, setDeciding] = useState<Objection>()
  const query = useQuery(queryOf('GET /api/v1/rankings/{id}/objections', { params: { id: list.id } }))
  const stateOf = ({ state, decision }: Objection) =>
    ({
      open: texts.ranking.objectionOpen,
      upheld: `${texts.ranking.objectionUpheld}: ${decision ?? ''}`,
      rejected: `${texts.ranking.objectionRejected}: ${decision ?? ''}`,
    })[state]
  const action = (objection: Objection) =>
    mayDecide && objection.state === 'open' ? (
      <Button key={objection.id} size="small" onClick={() => setDeciding(objection)}>
        {texts.ranking.decide}
      </Button>
    ) : (
      stateOf(objection)
    )
  return (
    <Panel
      title={texts.ranking.objections}
      extra={
        mayObject &&
        list.state === 'objection' && <Button onClick={() => setObjecting(true)}>{texts.ranking.object}</Button>
      }
    >
      <Answer
        query={query}
        isEmpty={({ items }) => items.length === 0}
        empty={<Empty text={texts.ranking.noObjections} />}
      >
        {({ items }) => (
          <PlainTable
            label={texts.ranking.objections}
            columns={[
              texts.ranking.raised,
              texts.ranking.firm,
              texts.ranking.objectText,
              texts.ranking.objectEvidence,
              texts.ranking.state,
            ]}
            rows={items.map((objection) => [
              `${dateTime(objection.raisedAt)} · ${objection.raisedBy}`,
              firms.find(({ firm }) => firm === objection.firm)?.name ?? objection.firm,
              objection.text,
              objection.evidence,
              action(objection),
            ])}
          />
        )}
      </Answer>
      {objecting && <ObjectForm list={list} firms={firms} onClose={() => setObjecting(false)} />}
      {deciding && <DecideForm list={list} objection={deciding} onClose={() => setDeciding(undefined)} />}
    </Panel>
  )
}

function useRefreshed(onClose: () => void) {
  const cache = useQueryClient()
  return () => {
    void cache.invalidateQueries({ predicate: ({ queryKey }) => String(queryKey[0]).includes('/rankings') })
    onClose()
  }
}

function ObjectForm({ list, firms, onClose }: ObjectionsProps & { onClose(): void }) {
  const texts = useTexts()
  const [form] = Form.useForm<{ firm: string; text: string; evidence: string }>()
  const objecting = useMutation({
    mutationFn: (body: { firm: string; text: string; evidence: string }) =>
      call('POST /api/v1/rankings/{id}/objections', { params: { id: list.id }, body }),
    onSuccess: useRefreshed(onClose),
  })
  const needed = [{ required: true, whitespace: true, message: texts.ranking.needed }]
  return (
    <Modal
      open
      title={texts.ranking.object}
      onCancel={onClose}
      onOk={() => form.submit()}
      confirmLoading={objecting.isPending}
    >
      <Form form={form} layout="vertical" onFinish={(body) => objecting.mutate(body)}>
        <Form.Item name="firm" label={texts.ranking.firm} rules={needed}>
          <Select options={firms.map(({ firm, name }) => ({ value: firm, label: name ?? firm }))} />
        </Form.Item>
        <Form.Item name="text" label={texts.ranking.objectText} rules={needed}>
          <Input.TextArea rows={4} />
        </Form.Item>
        <Form.Item name="evidence" label={texts.ranking.objectEvidence} rules={needed}>
          <Input.TextArea rows={2} />
        </Form.Item>
        {objecting.error && <ProblemNotice error={objecting.error} />}
      </Form>
    </Modal>
  )
}

interface DecideFormProps {
  readonly list: List
  readonly objection: Objection
  onClose(): void
}

function DecideForm({ list, objection, onClose }: DecideFormProps) {
  const texts = useTexts()
  const [decision, setDecision] = useState('')
  const deciding = useMutation({
    mutationFn: (state: 'upheld' | 'rejected') =>
      call('POST /api/v1/rankings/{id}/objections/{objection}/decision', {
        params: { id: list.id, objection: objection.id },
        body: { state, decision: decision.trim() },
      }),
    onSuccess: useRefreshed(onClose),
  })
  const empty = decision.trim() === ''
  return (
    <Modal
      open
      title={texts.ranking.decide}
      onCancel={onClose}
      footer={[
        <Button key="reject" disabled={empty} loading={deciding.isPending} onClick={() => deciding.mutate('rejected')}>
          {texts.ranking.reject}
        </Button>,
        <Button
          key="uphold"
          type="primary"
          disabled={empty}
          loading={deciding.isPending}
          onClick={() => deciding.mutate('upheld')}
        >
          {texts.ranking.uphold}
        </Button>,
      ]}
    >
      <p>{objection.text}</p>
      <p className="hint">{objection.evidence}</p>
      <Input.TextArea
        aria-label={texts.ranking.decision}
        placeholder={texts.ranking.decision}
        rows={3}
        value={decision}
        onChange={(event) => setDecision(event.target.value)}
      />
      {deciding.error && <ProblemNotice error={deciding.error} />}
    </Modal>
  )
}
