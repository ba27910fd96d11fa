import { describe, expect, test } from 'vitest'
import { hourMs } from '#domain/time.ts'
import { type DeviceDirectory, judgeGateway } from '../../ingest/pipeline/registrations.ts'
import type { DevicePeriod } from '../../ingest/registered-devices.ts'
import { makeDecoder, rowsOf, type SentPayload, stretchOf } from '../support/decoded-delivery.ts'

const now = Date.parse('2026-01-15T08:00:00+08:00')

describe('whom a device belongs to', () => {
  const moved: DevicePeriod[] = [
    { gateway: 'A', from: now - 10 * hourMs },
    { gateway: 'B', from: now - hourMs },
  ]
  const cases: [string, DevicePeriod[], string, number, number, boolean][] = [
    ['nobody has it', [], 'A', now, now, true],
    ['it is the gateway’s own', [{ gateway: 'A', from: 0 }], 'A', now, now, true],
    ['it is another’s', [{ gateway: 'A', from: 0 }], 'B', now, now, false],
    ['another will have it later', [{ gateway: 'A', from: now + 1 }], 'B', now, now, true],
    ['another had it until now', [{ gateway: 'A', from: 0, to: now }], 'B', now, now, true],
    ['it moved away, and this is new', moved, 'A', now, now, false],
    ['it moved away, and this is backlog of before', moved, 'A', now, now - 2 * hourMs, true],
    ['it moved here', moved, 'B', now, now, true],
    ['it moved here, and this is backlog of elsewhere', moved, 'B', now, now - 2 * hourMs, true],
    ['the move was taken back', [...moved, { gateway: 'C', from: now - 5, to: now - 5 }], 'B', now, now, true],
  ]
  for (const [name, periods, gateway, receivedAt, at, allowed] of cases) {
    test(`${name}: ${allowed ? 'taken' : 'refused'}`, () => {
      expect(judgeGateway(periods, gateway, receivedAt, at) === undefined).toBe(allowed)
    })
  }
})

const reading = (device: string, gateway: string, registryVersion: number, at = now): SentPayload => ({
  gateway,
  topic: `heating/v1/${gateway}/readings`,
  payload: JSON.stringify({ device, at, values: { humidity_pct: 40 } }),
  receivedAt: now,
  registryVersion,
})

/** From version 2 on the device is B's; it answers as the ledger does, and counts how often it is asked. */
function directory(): DeviceDirectory & { asked: number } {
  return {
    asked: 0,
    async periods(devices, version) {
      this.asked++
      const gateway = version < 2 ? 'A' : 'B'
      return new Map(devices.filter((id) => id === 'P-1').map((id) => [id, [{ gateway, from: 0 }]]))
    },
    changedDevices: async () => undefined,
    seen: async () => new Set(),
    unregisteredSeen: async () => new Map(),
  }
}

test('a delivery is judged by the registry that its record names, whenever it is decoded', async () => {
  const stretch = stretchOf([
    reading('P-1', 'A', 1),
    reading('P-1', 'B', 1),
    reading('P-1', 'A', 2),
    reading('P-1', 'B', 2),
    reading('P-1', 'A', 1),
  ])
  const decoder = makeDecoder(directory())
  const first = await decoder.decode(stretch)
  const again = await decoder.decode(stretch)
  const elsewhere = await makeDecoder(directory()).decode(stretch)
  for (const block of [first, again, elsewhere]) {
    expect(block.rejected.map(({ gateway, position }) => [gateway, position])).toEqual([
      ['B', stretch.ends[0]],
      ['A', stretch.ends[1]],
    ])
    expect(rowsOf(block)).toHaveLength(3)
  }
})

test('the ledger is asked once for all unknown devices of a stretch, and not again', async () => {
  const counted = directory()
  const decoder = makeDecoder(counted)
  const sent = Array.from({ length: 500 }, (_, index) => reading(`X-${index}`, 'A', 1))
  const block = await decoder.decode(stretchOf(sent))
  expect([block.deliveries.taken, block.introduces, block.newDevices.length]).toEqual([500, true, 500])
  const later = await decoder.decode(stretchOf(sent))
  expect([later.deliveries.taken, later.introduces]).toEqual([500, false])
  expect(counted.asked).toBe(1)
})

test('two gateways that bring the same new device in one stretch each get their answer', async () => {
  const block = await makeDecoder(directory()).decode(stretchOf([reading('X', 'A', 1), reading('X', 'B', 1)]))
  expect([block.deliveries.taken, block.newDevices.map(({ gateway }) => gateway)]).toEqual([2, ['A']])
})
