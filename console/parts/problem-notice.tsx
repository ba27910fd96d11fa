import { Alert } from 'antd'
import { ApiProblem } from '../api/client.ts'
import { useTexts } from '../settings/settings.tsx'

/** Why something that somebody wanted to change was not changed, and what in it is wrong. */
export function ProblemNotice({ error }: { readonly error: Error }) {
  const { app } = useTexts()
  const unreachable = error instanceof ApiProblem && error.status === 0
  const problems = error instanceof ApiProblem ? [...error.errors, ...rowProblemsOf(error)] : []
  return (
    <Alert
      type="error"
      showIcon
      role="alert"
      title={unreachable ? app.failedOffline : error.message}
      {...(problems.length > 0 && {
        description: (
          <ul>
            {problems.map(({ where, reason }) => (
              <li key={`${where} ${reason}`}>{`${where}: ${reason}`}</li>
            ))}
          </ul>
        ),
      })}
    />
  )
}

/** What the registry found wrong, where a change is one of its rows. */
function rowProblemsOf({ body }: ApiProblem): { where: string; reason: string }[] {
  const problems = body.problems as readonly { column: string; reason: string }[] | undefined
  return (problems ?? []).map(({ column, reason }) => ({ where: column, reason }))
}
