import { useMutation, useQueryClient } from '@tanstack/react-query'
import { App, Form, Input, Modal, Select } from 'antd'
import {
  type ExclusionKind,
  type ExclusionPlaceKind,
  exclusionKinds,
  exclusionPlaceKinds,
} from '#domain/ranking-exclusion.ts'
import { call } from '../../api/client.ts'
import { answersAt } from '../../api/queries.ts'
import { PlaceSearch } from '../../parts/place-search.tsx'
import { ProblemNotice } from '../../parts/problem-notice.tsx'
import { useTexts } from '../../settings/settings.tsx'

interface Fields {
  readonly kind: ExclusionKind
  readonly placeKind: ExclusionPlaceKind
  readonly place: string
  readonly from: string
  readonly to: string
  readonly evidence: string
}

/** As much as the service takes. */
const evidenceLettersMax = 2_000

/** Proposes to leave days of a place out; somebody else decides it. */
export function ProposeExclusion({ onClose }: { onClose(): void }) {
  const texts = useTexts()
  const cache = useQueryClient()
  const { message } = App.useApp()
  const [form] = Form.useForm<Fields>()
  const placeKind = Form.useWatch('placeKind', form) ?? 'circuit'
  const proposing = useMutation({
    mutationFn: (body: Fields) => call('POST /api/v1/ranking-exclusions', { body }),
    onSuccess() {
      void message.success(texts.exclusion.proposed)
      void cache.invalidateQueries(answersAt('/ranking-exclusions'))
      onClose()
    },
  })
  const needed = { required: true, whitespace: true, message: texts.ranking.needed }
  return (
    <Modal
      open
      title={texts.exclusion.propose}
      okText={texts.exclusion.proposeSubmit}
      onCancel={onClose}
      onOk={() => form.submit()}
      confirmLoading={proposing.isPending}
    >
      <Form
        form={form}
        layout="vertical"
        initialValues={{ kind: 'plannedWork', placeKind: 'circuit' }}
        onFinish={(fields: Fields) => proposing.mutate(fields)}
      >
        <Form.Item name="kind" label={texts.exclusion.kind}>
          <Select options={exclusionKinds.map((value) => ({ value, label: texts.exclusionKind[value] }))} />
        </Form.Item>
        <Form.Item name="placeKind" label={texts.exclusion.placeKind}>
          <Select
            options={exclusionPlaceKinds.map((value) => ({ value, label: texts.kind[value] }))}
            onChange={() => form.setFieldValue('place', undefined)}
          />
        </Form.Item>
        <Form.Item name="place" key={placeKind} label={texts.kind[placeKind]} rules={[needed]}>
          <PlaceSearch kind={placeKind} />
        </Form.Item>
        <div className="form-columns">
          <Form.Item name="from" label={texts.exclusion.from} rules={[needed]}>
            <Input type="date" />
          </Form.Item>
          <Form.Item
            name="to"
            label={texts.exclusion.to}
            dependencies={['from']}
            rules={[
              needed,
              ({ getFieldValue }) => ({
                validator: (_rule, to: string) =>
                  to < getFieldValue('from') ? Promise.reject(new Error(texts.exclusion.backwards)) : Promise.resolve(),
              }),
            ]}
          >
            <Input type="date" />
          </Form.Item>
        </div>
        <Form.Item
          name="evidence"
          label={texts.exclusion.evidence}
          extra={texts.exclusion.evidenceHint}
          rules={[needed]}
        >
          <Input.TextArea rows={3} maxLength={evidenceLettersMax} />
        </Form.Item>
        {proposing.error && <ProblemNotice error={proposing.error} />}
      </Form>
    </Modal>
  )
}
