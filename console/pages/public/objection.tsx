import { CheckCircleOutlined } from '@ant-design/icons'
import { useMutation, useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Alert, Button, Form, Input, Result, Select } from 'antd'
import { ApiProblem, call } from '../../api/client.ts'
import { useCityClock } from '../../live/city-clock.tsx'
import { Panel } from '../../parts/page.tsx'
import { ProblemNotice } from '../../parts/problem-notice.tsx'
import { Answer, Empty } from '../../parts/states.tsx'
import { useFormats, useTexts } from '../../settings/settings.tsx'
import { type Claim, ClaimFields } from '../rankings/claim-fields.tsx'
import { PublicFrame } from './frame.tsx'
import { type ObjectionPeriod, objectionPeriods, useListName } from './objection-periods.tsx'
import { objectionRoute } from './route.ts'

/** Where a resident goes with the code from the street office. */
export function ObjectionPage() {
  const { public: texts } = useTexts()
  const query = useQuery(objectionPeriods)
  return (
    <PublicFrame title={texts.objectionTitle} hint={texts.objectionHint}>
      <Answer
        query={query}
        isEmpty={({ items }) => items.length === 0}
        empty={<Empty text={texts.noPeriod} hint={texts.noPeriodHint} />}
      >
        {({ items }) => <ObjectionForm lists={items} />}
      </Answer>
      <Link to="/public">{texts.backToLists}</Link>
    </PublicFrame>
  )
}

interface Fields extends Claim {
  readonly list: string
  readonly code: string
}

/** However it is typed: the service minds neither capitals nor what stands between. */
const codeShape = /^(?:[\s-]*[a-z0-9]){16}[\s-]*$/i

function ObjectionForm({ lists }: { readonly lists: readonly ObjectionPeriod[] }) {
  const { public: texts, ranking } = useTexts()
  const { shortDateTime } = useFormats()
  const nameOf = useListName()
  const { list: asked } = objectionRoute.useSearch()
  const [form] = Form.useForm<Fields>()
  const chosen = Form.useWatch('list', form) ?? asked
  const list = lists.find(({ id }) => id === chosen) ?? lists[0]
  const objecting = useMutation({
    mutationFn: ({ list, ...body }: Fields) =>
      call('POST /api/v1/public/rankings/{id}/objections', { params: { id: list }, body }),
  })
  if (objecting.isSuccess) {
    return (
      <Panel title={texts.objectionTitle}>
        <div role="status">
          <Result icon={<CheckCircleOutlined />} status="success" title={texts.sent} subTitle={texts.sentHint} />
        </div>
      </Panel>
    )
  }
  return (
    <Panel title={texts.toObjection} className="objection-form">
      {list && <p className="hint">{texts.openUntil(nameOf(list), shortDateTime(list.until))}</p>}
      <Form
        form={form}
        layout="vertical"
        initialValues={{ list: list?.id }}
        onFinish={(fields: Fields) => objecting.mutate(fields)}
      >
        <Form.Item name="list" label={texts.list} hidden={lists.length === 1}>
          <Select options={lists.map((one) => ({ value: one.id, label: nameOf(one) }))} />
        </Form.Item>
        <Form.Item
          name="code"
          label={texts.code}
          extra={texts.codeHint}
          rules={[
            { required: true, whitespace: true, message: ranking.needed },
            { pattern: codeShape, message: texts.codeShape },
          ]}
        >
          <Input className="code" size="large" autoComplete="off" autoCapitalize="characters" spellCheck={false} />
        </Form.Item>
        <ClaimFields evidenceHint={texts.evidenceHint} />
        {objecting.error && <Refused error={objecting.error} list={list} />}
        <Button type="primary" htmlType="submit" size="large" block loading={objecting.isPending}>
          {texts.send}
        </Button>
      </Form>
    </Panel>
  )
}

interface RefusedProps {
  readonly error: Error
  readonly list: ObjectionPeriod | undefined
}

/** Why an objection was not taken, in words for somebody who has only a slip of paper. */
function Refused({ error, list }: RefusedProps) {
  const { public: texts } = useTexts()
  const { now } = useCityClock()
  const reasonOf = ({ code }: ApiProblem): string | undefined => {
    if (code === 'rate_limited') return texts.tooMany
    if (code === 'not_found' || (code === 'conflict' && now() >= (list?.until ?? 0))) return texts.over
    return code === 'conflict' ? texts.wrongCode : undefined
  }
  const reason = error instanceof ApiProblem ? reasonOf(error) : undefined
  if (reason === undefined) return <ProblemNotice error={error} />
  return <Alert type="error" showIcon role="alert" title={reason} />
}
