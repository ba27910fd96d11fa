import type { ErrorComponentProps } from '@tanstack/react-router'
import { Button, Result } from 'antd'
import { useTexts } from '../settings/settings.tsx'

/** A page that failed while it was drawn; the rest of the console goes on. */
export function Crashed({ error }: ErrorComponentProps) {
  const { app } = useTexts()
  return (
    <Result
      status="error"
      title={app.crashed}
      subTitle={error instanceof Error ? error.message : String(error)}
      extra={<Button onClick={() => location.reload()}>{app.reload}</Button>}
    />
  )
}
