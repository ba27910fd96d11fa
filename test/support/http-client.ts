/** Somebody who uses a running service over HTTP, signed in with a cookie as a page would be. */
export interface HttpClient {
  readonly cookie: string
  get<T>(path: string): Promise<T>
  post<T>(path: string, body: object): Promise<T>
  /** Asks until the answer is what is wanted. Bounded by the test's own time. */
  until<T>(path: string, wanted: (answer: T) => boolean): Promise<T>
}

/** Between two questions; the service is asked about outcomes that take it a moment. */
const askAgainMs = 100

export async function signIn(base: string, account: string, password: string): Promise<HttpClient> {
  const response = await fetch(`${base}/api/v1/auth/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ account, password }),
  })
  if (!response.ok) throw new Error(`${account} could not sign in: ${await response.text()}`)
  const cookie = response.headers.getSetCookie()[0]?.split(';')[0] ?? ''
  const { csrfToken } = (await response.json()) as { csrfToken: string }

  async function ask<T>(path: string, init: RequestInit = {}): Promise<T> {
    const headers = { cookie, 'x-csrf-token': csrfToken, 'content-type': 'application/json' }
    const answer = await fetch(`${base}/api/v1${path}`, { ...init, headers })
    const text = await answer.text()
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${text}`)
    return JSON.parse(text) as T
  }

  return {
    cookie,
    get: ask,
    post: (path, body) => ask(path, { method: 'POST', body: JSON.stringify(body) }),
    async until<T>(path: string, wanted: (answer: T) => boolean) {
      for (;;) {
        const answer = await ask<T>(path)
        if (wanted(answer)) return answer
        await new Promise((resolve) => setTimeout(resolve, askAgainMs))
      }
    },
  }
}
