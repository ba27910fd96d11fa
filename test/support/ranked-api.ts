import { hourMs } from '#domain/time.ts'
import { dayText } from '#store/ledger/dwelling-days.ts'
import type { ApiOptions } from '../../api/deps.ts'
import { makeTestApi, type TestApi } from './api.ts'
import { rankedFrom, rankedLedger, rankedNow, rankedTo } from './ranked-ledger.ts'

export const rankedPeriod = { from: dayText(rankedFrom), to: dayText(rankedTo) }

/** The api over the small ranked city, with an account of every kind, and lists in every state. */
export async function makeRankedApi(options: Partial<ApiOptions> = {}) {
  const api: TestApi = await makeTestApi({ ledger: await rankedLedger() }, options)
  api.clock.now = rankedNow
  await api.account('city', 'regulator')
  await api.account('deputy', 'regulator')
  await api.account('street', 'streetOffice', { kind: 'territory', id: 'hualin' })
  await api.account('elsewhere', 'streetOffice', { kind: 'territory', id: 'daowai' })
  await api.account('f1', 'firmDispatcher', { kind: 'firm', id: 'F1' })
  await api.account('f2', 'firmDispatcher', { kind: 'firm', id: 'F2' })
  await api.account('viewer', 'viewer')
  const get = async (account: string, path: string) => (await api.as(account))({ url: `/api/v1${path}` })
  const post = async (account: string, path: string, payload: object = {}) =>
    (await api.as(account))({ method: 'POST', url: `/api/v1${path}`, payload })

  async function draft(period: { from: string; to: string } = rankedPeriod): Promise<string> {
    return (await post('city', '/rankings', { territory: 'harbin', ...period })).json().id
  }
  async function objectable(period?: { from: string; to: string }): Promise<string> {
    const id = await draft(period)
    await post('city', `/rankings/${id}/objection-period`, { until: api.clock.now + hourMs })
    return id
  }
  async function published(period?: { from: string; to: string }): Promise<string> {
    const id = await objectable(period)
    api.clock.now += hourMs
    const frozen = await post('city', `/rankings/${id}/publication`)
    if (frozen.json().state !== 'frozen') throw new Error(frozen.body)
    return id
  }
  return {
    ...{ api, get, post, draft, objectable, published },
    open: (path: string) => api.app.inject({ url: `/api/v1/public${path}` }),
    say: (path: string, payload: object) => api.app.inject({ method: 'POST', url: `/api/v1/public${path}`, payload }),
  }
}
