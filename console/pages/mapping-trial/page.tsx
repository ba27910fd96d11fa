import { useMutation } from '@tanstack/react-query'
import { App, Button, Form, Input, Select } from 'antd'
import { call } from '../../api/client.ts'
import { Page, Panel } from '../../parts/page.tsx'
import { ProblemNotice } from '../../parts/problem-notice.tsx'
import { useTexts } from '../../settings/settings.tsx'
import { FieldRows } from './field-rows.tsx'
import { entriesOf, example, formats, type MappingFields, timeFormats, trialOf } from './mapping.ts'
import { TrialResult } from './result.tsx'

/** A maker's payload becomes readings: said here, tried at once, and saved when it is right. */
export function MappingTrialPage() {
  const texts = useTexts()
  const { message } = App.useApp()
  const [form] = Form.useForm<MappingFields>()
  const trying = useMutation({
    mutationFn: (fields: MappingFields) =>
      call('POST /api/v1/registry/payload_mapping/trial', { body: trialOf(fields) }),
  })
  const saving = useMutation({
    async mutationFn(fields: MappingFields) {
      for (const body of entriesOf(fields)) await call('POST /api/v1/registry/entries', { body })
      return fields.id
    },
    onSuccess: (id) => void message.success(texts.mapping.saved(id)),
  })
  const error = trying.error ?? saving.error
  const saveable = trying.data !== undefined && trying.data.readings.length > 0 && trying.data.problems.length === 0
  return (
    <Page title={texts.mapping.title}>
      <p className="hint">{texts.mapping.hint}</p>
      <Form
        className="stack"
        form={form}
        layout="vertical"
        initialValues={example}
        // What was tried is no longer what would be saved.
        onValuesChange={() => trying.reset()}
        onFinish={(fields: MappingFields) => trying.mutate(fields)}
      >
        <div className="two-panels">
          <Panel title={texts.mapping.payload}>
            <Sample />
          </Panel>
          <Panel title={texts.mapping.mapping}>
            <Mapping />
          </Panel>
        </div>
        <Panel title={texts.mapping.fields}>
          <FieldRows />
          <div className="form-row">
            <Button type="primary" htmlType="submit" loading={trying.isPending}>
              {texts.mapping.tryIt}
            </Button>
            <Button
              disabled={!saveable}
              loading={saving.isPending}
              onClick={() => void form.validateFields().then((fields) => saving.mutate(fields))}
            >
              {texts.mapping.save}
            </Button>
          </div>
        </Panel>
      </Form>
      {error && <ProblemNotice error={error} />}
      {trying.data && <TrialResult result={trying.data} />}
    </Page>
  )
}

function Sample() {
  const texts = useTexts()
  const needed = [{ required: true, whitespace: true, message: texts.mapping.needed }]
  return (
    <>
      <Form.Item name="payload" label={texts.mapping.payload} rules={needed}>
        <Input.TextArea className="code" autoSize={{ minRows: 5, maxRows: 16 }} spellCheck={false} />
      </Form.Item>
      <div className="form-columns">
        <Form.Item name="topic" label={texts.mapping.topic} rules={needed}>
          <Input />
        </Form.Item>
        <Form.Item name="filter" label={texts.mapping.filter} rules={needed}>
          <Input />
        </Form.Item>
      </div>
    </>
  )
}

function Mapping() {
  const texts = useTexts()
  const needed = [{ required: true, whitespace: true, message: texts.mapping.needed }]
  return (
    <div className="form-columns">
      <Form.Item name="id" label={texts.mapping.id} rules={needed}>
        <Input />
      </Form.Item>
      <Form.Item name="format" label={texts.mapping.format}>
        <Select options={formats.map((value) => ({ value, label: value }))} />
      </Form.Item>
      {(['items', 'address', 'time', 'timeZone'] as const).map((name) => (
        <Form.Item key={name} name={name} label={texts.mapping[name]}>
          <Input />
        </Form.Item>
      ))}
      <Form.Item name="timeFormat" label={texts.mapping.timeFormat}>
        <Select allowClear options={timeFormats.map((value) => ({ value, label: value }))} />
      </Form.Item>
      <Form.Item name="withoutTime" label={texts.mapping.withoutTime}>
        <Select options={(['refuse', 'receipt'] as const).map((value) => ({ value, label: texts.mapping[value] }))} />
      </Form.Item>
    </div>
  )
}
