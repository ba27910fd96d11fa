import { afterEach, beforeEach, expect, test } from 'vitest'
import { makeTestApi, type TestApi } from '../support/api.ts'
import { idsOf, importSmallRegistry, smallRegistry } from '../support/small-registry.ts'

const nangang = idsOf('nangang')
const daoli = idsOf('daoli')

let api: TestApi
beforeEach(async () => {
  api = await makeTestApi()
  await importSmallRegistry(api.ledger)
  await api.account('city', 'regulator')
  await api.account('street', 'streetOffice', { kind: 'territory', id: nangang.subdistrict })
  await api.account('viewer', 'viewer')
})
afterEach(() => api.close())

const names = async (account: string, ...of: string[]) => {
  const query = of.map((one) => `of=${encodeURIComponent(one)}`).join('&')
  return (await api.as(account))({ url: `/api/v1/names?${query}` })
}
const told = async (account: string, ...of: string[]) =>
  (await names(account, ...of)).json().items.map((item: { of: string }) => item.of)

test('a home is called by its estate, building, entrance and door', async () => {
  const { items } = (await names('city', `dwelling/${nangang.dwelling}`)).json()
  const row = <T extends { id: string }>(rows: readonly unknown[] | undefined, id: string) =>
    (rows as T[]).find((one) => one.id === id) as T
  const dwelling = row<{ id: string; door: string; entrance: string }>(smallRegistry.dwelling, nangang.dwelling)
  expect(items[0].parts).toHaveLength(4)
  expect(items[0].parts.at(-1)).toEqual({ name: dwelling.door })
  const estate = row<{ id: string; name: string }>(smallRegistry.territory, nangang.estate)
  expect(items[0].parts[0]).toMatchObject({ name: estate.name })
})

test('what lies outside of a scope, or needs another role, or is not there, is left out', async () => {
  const asked = [
    `circuit/${nangang.circuit}`,
    `circuit/${daoli.circuit}`,
    `dwelling/${nangang.dwelling}`,
    'firm/nobody',
  ]
  expect(await told('city', ...asked)).toEqual(asked.slice(0, 3))
  expect(await told('street', ...asked)).toEqual([asked[0], asked[2]])
  expect(await told('viewer', ...asked)).toEqual(asked.slice(0, 2))
})

test('more than a screen shows is refused, and so is what has no name', async () => {
  expect((await names('city', ...Array.from({ length: 101 }, (_, index) => `firm/F-${index}`))).statusCode).toBe(400)
  expect((await names('city', 'account/regulator')).statusCode).toBe(400)
})
