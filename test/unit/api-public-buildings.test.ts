import { afterEach, beforeEach, expect, test } from 'vitest'
import { makeTestApi, type TestApi } from '../support/api.ts'
import { idsOf, importSmallRegistry } from '../support/small-registry.ts'

const nangang = idsOf('nangang')

let api: TestApi
beforeEach(async () => {
  api = await makeTestApi()
  await importSmallRegistry(api.ledger)
})
afterEach(() => api.close())

const search = (text: string) => api.app.inject({ url: `/api/v1/public/buildings?search=${encodeURIComponent(text)}` })

test('anybody finds a building and whom to call, and nothing about its homes', async () => {
  const response = await search(nangang.building)
  expect(response.statusCode).toBe(200)
  const [found] = response.json().items
  expect(found).toMatchObject({ building: nangang.building, firms: [{ firm: expect.any(String) }] })
  expect(response.body).not.toContain(nangang.dwelling)
})

test('an estate brings its buildings', async () => {
  const { name } = (await api.ledger.db
    .selectFrom('territory')
    .select('name')
    .where('id', '=', nangang.estate)
    .executeTakeFirstOrThrow()) as { name: string }
  const found = (await search(name)).json().items.map(({ building }: { building: string }) => building)
  expect(found).toContain(nangang.building)
})

test('one letter is too little, and what is not there is an empty list', async () => {
  expect((await search('a')).statusCode).toBe(400)
  expect((await search('nowhere at all')).json()).toEqual({ items: [] })
})
