import type { HttpClient } from '../support/http-client.ts'

/** A page to look at: its name, its address, and what it needs somebody for. */
export interface Visit {
  readonly name: string
  readonly path: string
  /** Account of the demo that may see it; nobody for pages without login. */
  readonly account?: 'regulator' | 'admin'
}

interface Page<T> {
  readonly items: readonly T[]
}

/** Every page of the console, with things that are there in the running city; waits until something is wrong in it. */
export async function allVisits(client: HttpClient): Promise<readonly Visit[]> {
  const first = async <T>(path: string) => {
    const { items } = await client.until<Page<T>>(path, (page) => page.items.length > 0)
    return items[0] as T
  }
  const flag = await first<{ subject: string; building: string }>('/flags?subjectKind=dwelling&state=all&limit=1')
  const circuit = await first<{ id: string }>('/registry/circuit?limit=1')
  const source = await first<{ id: string }>('/registry/source?limit=1')
  const substation = await first<{ id: string }>('/registry/substation?limit=1')
  const alert = await first<{ id: string }>('/alerts?state=all&limit=1')
  const gateway = await first<{ gateway: string }>('/gateways?limit=1')
  const list = await first<{ id: string }>('/rankings?limit=1')
  const { firms } = await client.get<{ firms: readonly { firm: string }[] }>(`/rankings/${list.id}`)
  const asRegulator = { account: 'regulator' } as const
  return [
    { name: 'login', path: '/login' },
    { name: 'city', path: '/', ...asRegulator },
    { name: 'alerts', path: '/alerts?state=all', ...asRegulator },
    { name: 'alert', path: `/alerts/${encodeURIComponent(alert.id)}`, ...asRegulator },
    { name: 'flags', path: '/flags', ...asRegulator },
    { name: 'signals', path: '/signals', ...asRegulator },
    { name: 'dwelling', path: `/dwellings/${flag.subject}`, ...asRegulator },
    { name: 'building', path: `/buildings/${flag.building}`, ...asRegulator },
    { name: 'circuit', path: `/plants/circuit/${circuit.id}`, ...asRegulator },
    { name: 'substation', path: `/plants/substation/${substation.id}`, ...asRegulator },
    { name: 'source', path: `/plants/source/${source.id}`, ...asRegulator },
    { name: 'rankings', path: '/rankings', ...asRegulator },
    { name: 'ranking', path: `/rankings/${list.id}`, ...asRegulator },
    { name: 'ranked-firm', path: `/rankings/${list.id}/firms/${firms.at(-1)?.firm}`, ...asRegulator },
    { name: 'exclusions', path: '/exclusions', ...asRegulator },
    { name: 'public', path: '/public' },
    { name: 'objection', path: '/public/objection' },
    { name: 'registry', path: '/registry', ...asRegulator },
    { name: 'registry-import', path: '/registry/import', ...asRegulator },
    { name: 'registry-row', path: `/registry/circuit/${circuit.id}`, ...asRegulator },
    { name: 'unassigned-devices', path: '/unassigned-devices', ...asRegulator },
    { name: 'gateways', path: '/gateways', ...asRegulator },
    { name: 'gateway', path: `/gateways/${gateway.gateway}`, ...asRegulator },
    { name: 'mapping-trial', path: '/mapping-trial', ...asRegulator },
    { name: 'quarantine', path: '/quarantine', ...asRegulator },
    { name: 'accounts', path: '/accounts', account: 'admin' },
    { name: 'health', path: '/health', ...asRegulator },
    { name: 'nowhere', path: '/no/such/page', ...asRegulator },
  ]
}
