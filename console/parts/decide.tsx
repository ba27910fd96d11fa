import { useMutation } from '@tanstack/react-query'
import { Button, Input, Modal } from 'antd'
import { type ReactNode, useState } from 'react'
import { ProblemNotice } from './problem-notice.tsx'

interface DecideProps {
  readonly title: string
  /** What is to be decided. */
  readonly children: ReactNode
  readonly reasons: string
  readonly refuse: string
  readonly accept: string
  decide(accepted: boolean, reasons: string): Promise<unknown>
  onClose(): void
}

/** Decides for or against something, which nobody does without reasons. */
export function Decide({ title, children, reasons: label, refuse, accept, decide, onClose }: DecideProps) {
  const [given, setGiven] = useState('')
  const reasons = given.trim()
  const deciding = useMutation({
    mutationFn: (accepted: boolean) => decide(accepted, reasons),
    onSuccess: onClose,
  })
  const answer = (accepted: boolean, text: string) => (
    <Button
      type={accepted ? 'primary' : 'default'}
      disabled={reasons === ''}
      loading={deciding.isPending && deciding.variables === accepted}
      onClick={() => deciding.mutate(accepted)}
    >
      {text}
    </Button>
  )
  return (
    <Modal
      open
      title={title}
      onCancel={onClose}
      footer={
        <>
          {answer(false, refuse)}
          {answer(true, accept)}
        </>
      }
    >
      <div className="stack">
        {children}
        <Input.TextArea
          aria-label={label}
          placeholder={label}
          rows={3}
          value={given}
          onChange={(event) => setGiven(event.target.value)}
        />
        {deciding.error && <ProblemNotice error={deciding.error} />}
      </div>
    </Modal>
  )
}
