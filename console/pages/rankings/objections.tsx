import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Button, Form, Modal, Select } from 'antd'
import { type ReactNode, useState } from 'react'
import { call, type Schemas } from '../../api/client.ts'
import { answersAt, queryOf } from '../../api/queries.ts'
import { Decide } from '../../parts/decide.tsx'
import { Facts, Panel } from '../../parts/page.tsx'
import { PlainTable } from '../../parts/plain-table.tsx'
import { ProblemNotice } from '../../parts/problem-notice.tsx'
import { Answer, Empty } from '../../parts/states.tsx'
import { useMay, useSession } from '../../session/session.ts'
import { useFormats, useTexts } from '../../settings/settings.tsx'
import { type Claim, ClaimFields } from './claim-fields.tsx'
import { useMethods } from './method.ts'
import { ObjectionCode } from './objection-code.tsx'

type List = Schemas['RankingList']
type Firm = Schemas['RankedFirm']
type Objection = Schemas['RankingObjection']

interface ObjectionsProps {
  readonly list: List
  readonly firms: readonly Firm[]
}

/** What was objected to the list, by firms, offices and residents, and what came of it. */
export function Objections({ list, firms }: ObjectionsProps) {
  const texts = useTexts()
  const { dateTime } = useFormats()
  const { firmOf } = useMethods()
  const cache = useQueryClient()
  const [deciding, setDeciding] = useState<Objection>()
  const query = useQuery(queryOf('GET /api/v1/rankings/{id}/objections', { params: { id: list.id } }))
  const byWhom = ({ raisedBy }: Objection) => (raisedBy === 'resident' ? texts.ranking.resident : raisedBy)
  const nameOf = (objection: Objection) => firmOf(firms.find(({ firm }) => firm === objection.firm) ?? objection)
  return (
    <Panel title={texts.ranking.objections} extra={list.state === 'objection' && <Actions list={list} firms={firms} />}>
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
              `${dateTime(objection.raisedAt)} · ${byWhom(objection)}`,
              nameOf(objection),
              objection.text,
              objection.evidence,
              <Standing key={objection.id} objection={objection} onDecide={setDeciding} />,
            ])}
          />
        )}
      </Answer>
      {deciding && (
        <Decide
          title={`${texts.ranking.decide} · ${nameOf(deciding)}`}
          reasons={texts.ranking.decision}
          refuse={texts.ranking.reject}
          accept={texts.ranking.uphold}
          decide={async (upheld, decision) => {
            await call('POST /api/v1/rankings/{id}/objections/{objection}/decision', {
              params: { id: list.id, objection: deciding.id },
              body: { state: upheld ? 'upheld' : 'rejected', decision },
            })
            void cache.invalidateQueries(answersAt('/rankings'))
          }}
          onClose={() => setDeciding(undefined)}
        >
          <Facts
            wide
            facts={[
              { label: texts.ranking.objectText, value: deciding.text },
              { label: texts.ranking.objectEvidence, value: deciding.evidence },
            ]}
          />
        </Decide>
      )}
    </Panel>
  )
}

interface StandingProps {
  readonly objection: Objection
  onDecide(objection: Objection): void
}

/** What came of an objection; while nothing has, a way to decide it for whoever may. */
function Standing({ objection, onDecide }: StandingProps): ReactNode {
  const { ranking } = useTexts()
  const { account } = useSession()
  const mayDecide = useMay('ranking.publish')
  const { state, decision, decidedBy } = objection
  if (state !== 'open') {
    return (
      <>
        <strong>{state === 'upheld' ? ranking.objectionUpheld : ranking.objectionRejected}</strong>
        <div>{decision}</div>
        <small className="soft">{decidedBy}</small>
      </>
    )
  }
  if (!mayDecide) return ranking.objectionOpen
  if (objection.raisedBy === account.id) return ranking.someoneElse
  return (
    <Button size="small" onClick={() => onDecide(objection)}>
      {ranking.decide}
    </Button>
  )
}

/** Objecting oneself, and giving residents the code to object with. */
function Actions({ list, firms }: ObjectionsProps) {
  const { ranking } = useTexts()
  const { scope } = useSession().account
  const mayObject = useMay('ranking.claim')
  const [open, setOpen] = useState<'objection' | 'code'>()
  const close = () => setOpen(undefined)
  // A firm must not be able to object in its residents' name.
  const mayIssue = mayObject && scope.kind !== 'firm'
  return (
    <div className="page-actions">
      {mayIssue && <Button onClick={() => setOpen('code')}>{ranking.issueCode}</Button>}
      {mayObject && <Button onClick={() => setOpen('objection')}>{ranking.object}</Button>}
      {open === 'code' && <ObjectionCode list={list} firms={firms} onClose={close} />}
      {open === 'objection' && <ObjectForm list={list} firms={firms} onClose={close} />}
    </div>
  )
}

function ObjectForm({ list, firms, onClose }: ObjectionsProps & { onClose(): void }) {
  const texts = useTexts()
  const { firmOf } = useMethods()
  const cache = useQueryClient()
  const [form] = Form.useForm<Claim & { firm: string }>()
  const objecting = useMutation({
    mutationFn: (body: Claim & { firm: string }) =>
      call('POST /api/v1/rankings/{id}/objections', { params: { id: list.id }, body }),
    onSuccess() {
      void cache.invalidateQueries(answersAt('/rankings'))
      onClose()
    },
  })
  return (
    <Modal
      open
      title={texts.ranking.object}
      onCancel={onClose}
      onOk={() => form.submit()}
      confirmLoading={objecting.isPending}
    >
      <Form form={form} layout="vertical" onFinish={(body) => objecting.mutate(body)}>
        <Form.Item name="firm" label={texts.ranking.firm} rules={[{ required: true, message: texts.ranking.needed }]}>
          <Select options={firms.map((firm) => ({ value: firm.firm, label: firmOf(firm) }))} />
        </Form.Item>
        <ClaimFields />
        {objecting.error && <ProblemNotice error={objecting.error} />}
      </Form>
    </Modal>
  )
}
