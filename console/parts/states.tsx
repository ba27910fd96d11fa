import { CloseCircleOutlined, InboxOutlined, LockOutlined, QuestionCircleOutlined } from '@ant-design/icons'
import type { UseQueryResult } from '@tanstack/react-query'
import { Alert, Button, Skeleton } from 'antd'
import type { ReactNode } from 'react'
import { ApiProblem } from '../api/client.ts'
import { useFormats, useTexts } from '../settings/settings.tsx'

interface StateProps {
  readonly icon: ReactNode
  readonly title: string
  readonly hint?: ReactNode
  readonly action?: ReactNode
  readonly role?: 'alert' | 'status'
}

function State({ icon, title, hint, action, role = 'status' }: StateProps) {
  return (
    <div className="state" role={role}>
      <span className="state-icon" aria-hidden>
        {icon}
      </span>
      <p className="state-title">{title}</p>
      {hint !== undefined && <p className="state-hint">{hint}</p>}
      {action}
    </div>
  )
}

export function Empty({ text, hint }: { readonly text?: string; readonly hint?: ReactNode }) {
  const { app } = useTexts()
  return <State icon={<InboxOutlined />} title={text ?? app.nothing} hint={hint} />
}

export function Loading({ rows = 4 }: { readonly rows?: number }) {
  const { app } = useTexts()
  return (
    <div className="loading" role="status" aria-label={app.loading}>
      <Skeleton active title={false} paragraph={{ rows }} />
    </div>
  )
}

export function Forbidden() {
  const { app } = useTexts()
  return <State icon={<LockOutlined />} title={app.forbidden} hint={app.forbiddenHint} role="alert" />
}

export function NotFound() {
  const { app } = useTexts()
  return <State icon={<QuestionCircleOutlined />} title={app.notFound} hint={app.notFoundHint} role="alert" />
}

interface FailedProps {
  readonly error: Error
  onRetry(): void
}

/** Why there is no data, in words that fit the kind of error. */
export function Failed({ error, onRetry }: FailedProps) {
  const { app } = useTexts()
  if (error instanceof ApiProblem && error.status === 403) return <Forbidden />
  if (error instanceof ApiProblem && error.status === 404) return <NotFound />
  return (
    <State
      icon={<CloseCircleOutlined />}
      title={app.failed}
      hint={reasonOf(error, app)}
      action={<Button onClick={onRetry}>{app.retry}</Button>}
      role="alert"
    />
  )
}

function reasonOf(error: Error, app: ReturnType<typeof useTexts>['app']): string {
  if (!(error instanceof ApiProblem)) return error.message
  return error.status === 0 ? app.failedOffline : app.failedCode(error.code)
}

/** Says that what is shown is old, where loading it again failed. */
export function StaleNotice({ query }: { readonly query: Pick<UseQueryResult, 'dataUpdatedAt' | 'refetch'> }) {
  const { app } = useTexts()
  const { duration } = useFormats()
  const age = app.ago(duration(Date.now() - query.dataUpdatedAt))
  return (
    <Alert
      className="stale"
      type="warning"
      showIcon
      title={app.stale(age)}
      action={
        <Button size="small" onClick={() => void query.refetch()}>
          {app.retry}
        </Button>
      }
    />
  )
}

interface AnswerProps<T> {
  readonly query: UseQueryResult<T>
  readonly children: (data: T) => ReactNode
  /** True where the answer has nothing in it. */
  readonly isEmpty?: (data: T) => boolean
  readonly empty?: ReactNode
  readonly rows?: number
}

/** What a query answered, or why not: loading, failed, forbidden, not found, empty, or old. */
export function Answer<T>({ query, children, isEmpty, empty, rows }: AnswerProps<T>) {
  const { data, error } = query
  if (data === undefined) {
    if (error) return <Failed error={error} onRetry={() => void query.refetch()} />
    return <Loading {...(rows !== undefined && { rows })} />
  }
  return (
    <>
      {error && <StaleNotice query={query} />}
      {isEmpty?.(data) ? (empty ?? <Empty />) : children(data)}
    </>
  )
}
