import { Button, Modal } from 'antd'
import type { ReactNode } from 'react'

interface ShownOnceProps {
  readonly title: string
  /** What somebody says by closing it. */
  readonly done: string
  /** What else can be done with it. */
  readonly action?: ReactNode
  readonly children: ReactNode
  onClose(): void
}

/** What cannot be looked up again: it stays until somebody says that they have it. */
export function ShownOnce({ title, done, action, children, onClose }: ShownOnceProps) {
  return (
    <Modal
      open
      title={title}
      closable={false}
      keyboard={false}
      mask={{ closable: false }}
      footer={
        <>
          {action}
          <Button type={action === undefined ? 'primary' : 'default'} onClick={onClose}>
            {done}
          </Button>
        </>
      }
    >
      {children}
    </Modal>
  )
}
