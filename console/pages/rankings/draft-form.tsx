import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { Form, Input, Modal, Select } from 'antd'
import { call } from '../../api/client.ts'
import { answersAt } from '../../api/queries.ts'
import { useTerritoryOptions } from '../../parts/areas.tsx'
import { ProblemNotice } from '../../parts/problem-notice.tsx'
import { useFormats, useTexts } from '../../settings/settings.tsx'
import { useMethods } from './method.ts'

interface Fields {
  readonly territory: string
  readonly from: string
  readonly to: string
  readonly method?: string
}

/** Drafts a list over a period; nobody outside sees it before it is published. */
export function DraftForm({ onClose }: { onClose(): void }) {
  const texts = useTexts()
  const { number } = useFormats()
  const { methods, nameOf } = useMethods()
  const cache = useQueryClient()
  const navigate = useNavigate()
  const [form] = Form.useForm<Fields>()
  const territories = [...useTerritoryOptions('city'), ...useTerritoryOptions('district')]
  const drafting = useMutation({
    mutationFn({ territory, from, to, method }: Fields) {
      const chosen = methods.find(({ id, version }) => `${id} ${version}` === method)
      const body = {
        territory,
        from,
        to,
        ...(chosen && { method: chosen.id, version: chosen.version }),
      }
      return call('POST /api/v1/rankings', { body })
    },
    async onSuccess({ id }) {
      await cache.invalidateQueries(answersAt('/rankings'))
      await navigate({ to: '/rankings/$id', params: { id } })
    },
  })
  const needed = [{ required: true, whitespace: true, message: texts.ranking.needed }]
  return (
    <Modal
      open
      title={texts.ranking.draft}
      okText={texts.ranking.draftSubmit}
      onCancel={onClose}
      onOk={() => form.submit()}
      confirmLoading={drafting.isPending}
    >
      <Form form={form} layout="vertical" onFinish={(fields: Fields) => drafting.mutate(fields)}>
        <Form.Item name="territory" label={texts.ranking.territory} rules={needed}>
          <Select autoFocus options={territories} />
        </Form.Item>
        <div className="form-columns">
          <Form.Item name="from" label={texts.ranking.from} rules={needed}>
            <Input type="date" />
          </Form.Item>
          <Form.Item name="to" label={texts.ranking.to} rules={needed}>
            <Input type="date" />
          </Form.Item>
        </div>
        <Form.Item name="method" label={texts.ranking.method}>
          <Select
            allowClear
            options={methods.map((method) => ({
              value: `${method.id} ${method.version}`,
              label: texts.ranking.methodText(nameOf(method.name), number(method.version)),
            }))}
          />
        </Form.Item>
        {drafting.error && <ProblemNotice error={drafting.error} />}
      </Form>
    </Modal>
  )
}
