import { Form, Input } from 'antd'
import { useTexts } from '../../settings/settings.tsx'

/** What is said to be wrong, and how one knows: the fields of every objection. */
export interface Claim {
  readonly text: string
  readonly evidence: string
}

/** As much as the service takes. */
const lettersMax = 2_000

export function ClaimFields({ evidenceHint }: { readonly evidenceHint?: string }) {
  const { ranking } = useTexts()
  const needed = [{ required: true, whitespace: true, message: ranking.needed }]
  return (
    <>
      <Form.Item name="text" label={ranking.objectText} rules={needed}>
        <Input.TextArea rows={4} maxLength={lettersMax} />
      </Form.Item>
      <Form.Item name="evidence" label={ranking.objectEvidence} extra={evidenceHint} rules={needed}>
        <Input.TextArea rows={2} maxLength={lettersMax} />
      </Form.Item>
    </>
  )
}
