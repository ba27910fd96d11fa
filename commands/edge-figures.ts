/** An edge that takes longer to answer has no time for its gateways either. */
const edgeAnswerMsMax = 2_000

/** Why the edge does not do all of its work, in its own words. */
export async function edgeNotReady(edgeUrl: string): Promise<string[]> {
  const response = await ask(edgeUrl, '/readyz')
  if (!response) return ['the edge does not answer']
  if (response.ok) return []
  return (await response.text()).trim().split('\n')
}

/** The edge's own figures by name, those with labels left out; undefined where it does not answer. */
export async function edgeFigures(edgeUrl: string): Promise<Record<string, number> | undefined> {
  const response = await ask(edgeUrl, '/metrics')
  if (!response?.ok) return undefined
  const figures: Record<string, number> = {}
  for (const line of (await response.text()).split('\n')) {
    const [, name, value] = /^(\w+) (\S+)$/.exec(line) ?? []
    if (name !== undefined && Number.isFinite(Number(value))) figures[name] = Number(value)
  }
  return figures
}

async function ask(edgeUrl: string, path: string): Promise<Response | undefined> {
  return fetch(new URL(path, edgeUrl), { signal: AbortSignal.timeout(edgeAnswerMsMax) }).catch(() => undefined)
}
