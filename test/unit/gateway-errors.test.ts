import { expect, test } from 'vitest'
import type { RejectedDelivery } from '../../ingest/decoded-block.ts'
import { type GatewayErrors, gatewayTeller } from '../../ingest/pipeline/gateway-errors.ts'

const bad = (gateway: string, problemCount = 1): RejectedDelivery => ({
  position: 0,
  receivedAt: 1,
  gateway,
  topic: `heating/v1/${gateway}/readings`,
  payload: new Uint8Array(),
  storedReadings: 0,
  problems: Array.from({ length: problemCount }, (_, index) => ({ code: 'schema', path: `$[${index}]`, detail: '' })),
})

function teller() {
  const told: [string, GatewayErrors][] = []
  return { told, tell: gatewayTeller((gateway, message) => told.push([gateway, message])).tell }
}

test('a gateway hears of the first bad delivery at once, and then how many it did not hear of', () => {
  const { told, tell } = teller()
  tell([bad('A'), bad('A'), bad('B')], 0)
  tell([bad('A')], 4_999)
  tell([bad('A')], 5_000)
  expect(told.map(([gateway, { deliveriesNotTold }]) => [gateway, deliveriesNotTold])).toEqual([
    ['A', 0],
    ['B', 0],
    ['A', 2],
  ])
})

test('a message names the first problems and counts all', () => {
  const { told, tell } = teller()
  tell([bad('A', 400)], 0)
  expect(told[0]?.[1]).toMatchObject({ problemCount: 400 })
  expect(told[0]?.[1].problems).toHaveLength(10)
})

test('so many gateways that some are forgotten are told again, and take no more memory', () => {
  const { told, tell } = teller()
  for (let index = 0; index < 20_001; index++) tell([bad(`G-${index}`)], 0)
  tell([bad('G-0'), bad('G-20000')], 1)
  expect(told.length).toBe(20_002)
})
