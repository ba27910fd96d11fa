import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { Alert, Button, Form, Input } from 'antd'
import { ApiProblem } from '../../api/client.ts'
import { useCityClock } from '../../live/city-clock.tsx'
import { usePageTitle } from '../../parts/page.tsx'
import { signIn } from '../../session/session.ts'
import { useTexts } from '../../settings/settings.tsx'
import { Brand, LanguageSwitch, ThemeSwitch } from '../../shell/brand.tsx'
import { loginRoute } from './route.ts'

interface Credentials {
  readonly account: string
  readonly password: string
}

/** Only a page of ours may come next, whatever a link to this page says. */
const ownPath = (path: string | undefined): string => (path !== undefined && /^\/(?![/\\])/.test(path) ? path : '/')

export function LoginPage() {
  const { app } = useTexts()
  usePageTitle(app.signIn)
  const { time } = useCityClock()
  const cache = useQueryClient()
  const navigate = useNavigate()
  const { next } = loginRoute.useSearch()
  const entering = useMutation({
    mutationFn: ({ account, password }: Credentials) => signIn(cache, account.trim(), password),
    onSuccess: () => navigate({ href: ownPath(next) }),
  })
  return (
    <div className="login">
      <header className="login-bar">
        <Brand />
        <div className="bar-tools">
          <LanguageSwitch />
          <ThemeSwitch />
        </div>
      </header>
      <main className="login-card">
        <h1>{app.signInTitle}</h1>
        <Form layout="vertical" requiredMark={false} onFinish={(given: Credentials) => entering.mutate(given)}>
          <Form.Item name="account" label={app.accountId} rules={[{ required: true, message: app.accountMissing }]}>
            <Input autoComplete="username" autoFocus size="large" />
          </Form.Item>
          <Form.Item name="password" label={app.password} rules={[{ required: true, message: app.passwordMissing }]}>
            <Input.Password autoComplete="current-password" size="large" />
          </Form.Item>
          {entering.error && (
            <Alert className="login-problem" type="error" showIcon title={reasonOf(entering.error, app)} />
          )}
          <Button type="primary" htmlType="submit" size="large" block loading={entering.isPending}>
            {app.signIn}
          </Button>
        </Form>
        <p className="login-hint">
          <Link to="/public">{app.publicList}</Link>
        </p>
        {time?.simulated && <p className="login-hint">{app.demoHint}</p>}
      </main>
    </div>
  )
}

function reasonOf(error: Error, app: ReturnType<typeof useTexts>['app']): string {
  if (!(error instanceof ApiProblem)) return error.message
  if (error.code === 'wrong_login') return app.wrongLogin
  if (error.code === 'rate_limited') return app.tooManyLogins
  return error.status === 0 ? app.failedOffline : app.failedCode(error.code)
}
