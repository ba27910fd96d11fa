import { useMutation, useQueryClient } from '@tanstack/react-query'
import { App, Form, Input, InputNumber, Modal, Select } from 'antd'
import { call } from '../../api/client.ts'
import { PlaceSearch } from '../../parts/place-search.tsx'
import { ProblemNotice } from '../../parts/problem-notice.tsx'
import { useTexts } from '../../settings/settings.tsx'

const deviceKinds = ['probe', 'plantSensor', 'weatherStation'] as const
const placeKinds = ['dwelling', 'circuit', 'substation', 'source', 'district'] as const

interface Claim {
  readonly kind: (typeof deviceKinds)[number]
  readonly model?: string
  readonly placeKind: (typeof placeKinds)[number]
  readonly place: string
  readonly samplingMinutes: number
  readonly reportingMinutes: number
  readonly toleranceK: number
}

/** What most probes do; the maker's sheet knows better. */
const usual = {
  kind: 'probe',
  placeKind: 'dwelling',
  samplingMinutes: 10,
  reportingMinutes: 10,
  toleranceK: 0.5,
} as const satisfies Partial<Claim>

interface ClaimDeviceProps {
  readonly device: string
  onClose(): void
}

/** Says what a device is and where it hangs, from its first reading on. */
export function ClaimDevice({ device, onClose }: ClaimDeviceProps) {
  const texts = useTexts()
  const cache = useQueryClient()
  const { message } = App.useApp()
  const [form] = Form.useForm<Claim>()
  const placeKind = Form.useWatch('placeKind', form) ?? usual.placeKind
  const claiming = useMutation({
    mutationFn: (claim: Claim) =>
      call('POST /api/v1/unassigned-devices/{device}/claim', {
        params: { device },
        body: {
          kind: claim.kind,
          ...(claim.model && { model: claim.model }),
          place_kind: claim.placeKind,
          place: claim.place,
          sampling_interval_s: claim.samplingMinutes * 60,
          reporting_interval_s: claim.reportingMinutes * 60,
          tolerance_k: claim.toleranceK,
        },
      }),
    onSuccess() {
      void message.success(texts.device.claimed(device))
      void cache.invalidateQueries()
      onClose()
    },
  })
  return (
    <Modal
      open
      title={texts.device.claimTitle(device)}
      okText={texts.device.claim}
      onCancel={onClose}
      onOk={() => form.submit()}
      confirmLoading={claiming.isPending}
    >
      <Form form={form} layout="vertical" initialValues={usual} onFinish={(claim: Claim) => claiming.mutate(claim)}>
        <Form.Item name="kind" label={texts.device.kind}>
          <Select options={deviceKinds.map((value) => ({ value, label: texts.device[value] }))} />
        </Form.Item>
        <Form.Item name="placeKind" label={texts.device.placeKind}>
          <Select
            options={placeKinds.map((value) => ({ value, label: texts.kind[value] }))}
            onChange={() => form.setFieldValue('place', undefined)}
          />
        </Form.Item>
        <Form.Item
          name="place"
          key={placeKind}
          label={texts.kind[placeKind]}
          rules={[{ required: true, whitespace: true, message: texts.device.placeMissing }]}
        >
          <PlaceSearch kind={placeKind === 'district' ? 'territory' : placeKind} />
        </Form.Item>
        <Form.Item name="model" label={texts.device.model}>
          <Input />
        </Form.Item>
        <div className="form-columns">
          <Form.Item name="samplingMinutes" label={texts.device.sampling}>
            <InputNumber min={1} max={1_440} />
          </Form.Item>
          <Form.Item name="reportingMinutes" label={texts.device.reporting}>
            <InputNumber min={1} max={1_440} />
          </Form.Item>
          <Form.Item name="toleranceK" label={texts.device.tolerance}>
            <InputNumber min={0} max={5} step={0.1} />
          </Form.Item>
        </div>
        {claiming.error && <ProblemNotice error={claiming.error} />}
      </Form>
    </Modal>
  )
}
