import { afterEach, beforeEach, expect, test } from 'vitest'
import { quality } from '#domain/quality.ts'
import { insertFlags } from '#store/ledger/flags.ts'
import { emptyTelemetry, evening, makeTestApi, type TestApi } from '../support/api.ts'
import { idsOf, importSmallRegistry } from '../support/small-registry.ts'

const nangang = idsOf('nangang')
const daoli = idsOf('daoli')

let api: TestApi
beforeEach(async () => {
  const latest = async (device: string) =>
    device === nangang.probe
      ? [{ device, metric: 'indoor_temperature_c' as const, at: evening - 60_000, value: 15.5, quality: quality.good }]
      : []
  api = await makeTestApi({ telemetry: { ...emptyTelemetry, latest } })
  await importSmallRegistry(api.ledger)
  await api.account('street', 'streetOffice', { kind: 'territory', id: nangang.subdistrict })
  await api.account('viewer', 'viewer')
})
afterEach(() => api.close())

const homes = async (account: string, building: string) =>
  (await api.as(account))({ url: `/api/v1/buildings/${building}/homes` })

test('every home of a building, the measured one with its coldest room and its flag', async () => {
  await api.ledger.write((transaction) =>
    insertFlags(transaction, [
      {
        key: `dwelling/${nangang.dwelling}/below16/1`,
        subjectKind: 'dwelling',
        subject: nangang.dwelling,
        rule: 'below16',
        since: evening,
        raisedAt: evening,
        history: false,
        where: { territory: [] },
        ofDwelling: true,
      },
    ]),
  )
  const { building, entrances } = (await homes('street', nangang.building)).json()
  expect(building.id).toBe(nangang.building)
  const all = entrances.flatMap((entrance: { homes: object[] }) => entrance.homes)
  expect(all).toHaveLength(2)
  expect(all).toContainEqual(
    expect.objectContaining({
      dwelling: nangang.dwelling,
      contract: 'heated',
      coldest: { at: evening - 60_000, value: 15.5, quality: 'good' },
      rules: ['below16'],
    }),
  )
  expect(all).toContainEqual(expect.objectContaining({ dwelling: nangang.otherDwelling, rules: [] }))
})

test('a building elsewhere is not there, and homes need a role', async () => {
  expect((await homes('street', daoli.building)).statusCode).toBe(404)
  expect((await homes('viewer', nangang.building)).statusCode).toBe(403)
})
