import { PrinterOutlined } from '@ant-design/icons'
import { useMutation } from '@tanstack/react-query'
import { Button, Form, Modal } from 'antd'
import { type Answer, call, type Schemas } from '../../api/client.ts'
import { Facts } from '../../parts/page.tsx'
import { PlaceSearch } from '../../parts/place-search.tsx'
import { ProblemNotice } from '../../parts/problem-notice.tsx'
import { ShownOnce } from '../../parts/shown-once.tsx'
import { useFormats, useTexts } from '../../settings/settings.tsx'
import { useMethods } from './method.ts'

type Issued = Answer<'POST /api/v1/rankings/{id}/objection-codes'>

interface ObjectionCodeProps {
  readonly list: Schemas['RankingList']
  readonly firms: readonly Schemas['RankedFirm'][]
  onClose(): void
}

/** Makes a code for a household, and shows once the slip of paper that it is handed over on. */
export function ObjectionCode({ list, firms, onClose }: ObjectionCodeProps) {
  const { ranking } = useTexts()
  const [form] = Form.useForm<{ dwelling: string }>()
  const issuing = useMutation({
    mutationFn: (body: { dwelling: string }) =>
      call('POST /api/v1/rankings/{id}/objection-codes', { params: { id: list.id }, body }),
    // Nothing remembers the code but this page while the slip is open.
    gcTime: 0,
  })
  if (issuing.data) {
    return (
      <ShownOnce
        title={ranking.issueCode}
        done={ranking.handedOver}
        action={
          <Button type="primary" icon={<PrinterOutlined />} onClick={() => print()}>
            {ranking.printSlip}
          </Button>
        }
        onClose={onClose}
      >
        <p className="no-print">{ranking.codeOnce}</p>
        <Slip list={list} firms={firms} issued={issuing.data} />
      </ShownOnce>
    )
  }
  return (
    <Modal
      open
      title={ranking.issueCode}
      okText={ranking.issue}
      onCancel={onClose}
      onOk={() => form.submit()}
      confirmLoading={issuing.isPending}
    >
      <Form form={form} layout="vertical" onFinish={(body) => issuing.mutate(body)}>
        <Form.Item
          name="dwelling"
          label={ranking.home}
          extra={ranking.issueCodeHint}
          rules={[{ required: true, message: ranking.needed }]}
        >
          <PlaceSearch kind="dwelling" />
        </Form.Item>
        {issuing.error && <ProblemNotice error={issuing.error} />}
      </Form>
    </Modal>
  )
}

type SlipProps = Pick<ObjectionCodeProps, 'list' | 'firms'> & { readonly issued: Issued }

/** What a resident is handed: what it is, how long it is good, and where to go with it. */
function Slip({ list, firms, issued }: SlipProps) {
  const { public: texts, ranking, app } = useTexts()
  const { day, dateTime } = useFormats()
  const { territoryOf, firmOf } = useMethods()
  const period = ranking.periodText(day(list.from), day(list.to))
  const facts = [
    { label: texts.list, value: texts.listOf(territoryOf(list), period) },
    { label: ranking.firm, value: firmOf(firms.find(({ firm }) => firm === issued.firm) ?? issued) },
    { label: texts.slipUntil, value: dateTime(issued.until) },
    { label: texts.slipWhere, value: `${location.origin}/public/objection` },
  ]
  return (
    <section className="slip" aria-label={texts.slipTitle}>
      <h2>{`${app.title} · ${texts.slipTitle}`}</h2>
      <p className="slip-code">{issued.code.replace(/(.{4})(?=.)/g, '$1 ')}</p>
      <Facts facts={facts} />
      <p>{texts.slipHow}</p>
    </section>
  )
}
