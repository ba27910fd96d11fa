import { Modal, Typography } from 'antd'
import { useTexts } from '../settings/settings.tsx'

interface SecretOnceProps {
  readonly secret: string
  onClose(): void
}

/** A secret that cannot be looked up again: it stays until somebody says that they have it. */
export function SecretOnce({ secret, onClose }: SecretOnceProps) {
  const texts = useTexts()
  return (
    <Modal
      open
      title={texts.gateway.secretTitle}
      closable={false}
      mask={{ closable: false }}
      okText={texts.gateway.copied}
      cancelButtonProps={{ style: { display: 'none' } }}
      onOk={onClose}
    >
      <p>{texts.gateway.secretHint}</p>
      <Typography.Text code copyable className="secret">
        {secret}
      </Typography.Text>
    </Modal>
  )
}
