import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Aedes } from 'aedes'
import fc from 'fast-check'
import { generate, parser } from 'mqtt-packet'
import { describe, expect, onTestFinished, test } from 'vitest'
import { latencyHistogram } from './load-generator-latency.ts'
import { deviceTable, messageClock, messageSource, seededRandom } from './load-generator-messages.ts'
import { connectPacket, publishPacket, replyReader } from './load-generator-packets.ts'
import { startLoadGenerator } from './load-generator-process.ts'

function parsed(bytes: Uint8Array): unknown[] {
  const packets: unknown[] = []
  const reader = parser()
  reader.on('packet', (packet) => packets.push(packet))
  reader.parse(Buffer.from(bytes))
  return packets
}

describe('packets agree with mqtt-packet', () => {
  test('CONNECT', () => {
    expect(parsed(connectPacket({ clientId: 'G-1', password: 'secret' }, 60))).toMatchObject([
      { cmd: 'connect', clientId: 'G-1', username: 'G-1', keepalive: 60, clean: true, protocolVersion: 4 },
    ])
    expect(parsed(connectPacket({ clientId: 'G-2' }, 0))).toMatchObject([{ cmd: 'connect', clientId: 'G-2' }])
  })

  test('PUBLISH with a payload of any length', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 20_000 }), fc.integer({ min: 1, max: 65_535 }), (length, packetId) => {
        const { bytes, packetIdAt, payloadAt } = publishPacket('heating/v1/G-1/readings', 'x'.repeat(length))
        bytes.writeUInt16BE(packetId, packetIdAt)
        expect(parsed(bytes)).toMatchObject([{ cmd: 'publish', qos: 1, dup: false, messageId: packetId }])
        expect(bytes.length - payloadAt).toBe(length)
      }),
    )
  })

  test('replies are read however they are cut', () => {
    const reply = fc.oneof(
      fc.integer({ min: 1, max: 65_535 }).map((messageId) => ({ cmd: 'puback' as const, messageId })),
      fc.constant({ cmd: 'pingresp' as const }),
      fc.nat({ max: 5 }).map((returnCode) => ({ cmd: 'connack' as const, returnCode, sessionPresent: false })),
      fc.nat({ max: 300 }).map((length) => ({
        ...{ cmd: 'publish' as const, topic: 'heating/v1/G-1/errors', payload: '@'.repeat(length) },
        ...{ qos: 0 as const, dup: false, retain: false },
      })),
    )
    fc.assert(
      fc.property(fc.array(reply, { maxLength: 40 }), fc.array(fc.integer({ min: 1, max: 9 })), (replies, cuts) => {
        const seen: string[] = []
        const read = replyReader({
          onConnack: (returnCode) => seen.push(`connack ${returnCode}`),
          onPuback: (packetId) => seen.push(`puback ${packetId}`),
        })
        let bytes = Buffer.concat(replies.map((packet) => generate(packet)))
        for (const cut of cuts) {
          const part = bytes.subarray(0, cut)
          read(part, part.length)
          bytes = bytes.subarray(part.length)
        }
        read(bytes, bytes.length)
        const expected = replies.flatMap((packet) => {
          if (packet.cmd === 'puback') return [`puback ${packet.messageId}`]
          return packet.cmd === 'connack' ? [`connack ${packet.returnCode}`] : []
        })
        expect(seen).toEqual(expected)
      }),
    )
  })
})

test('percentiles of the histogram are right to 4 %', () => {
  const milliseconds = fc.double({ min: 0.04, max: 60_000, noNaN: true })
  fc.assert(
    fc.property(fc.array(milliseconds, { minLength: 1, maxLength: 300 }), (durations) => {
      const histogram = latencyHistogram()
      for (const duration of durations) histogram.add(duration)
      const sorted = durations.toSorted((a, b) => a - b)
      const { p50Ms, p99Ms, maxMs } = histogram.summary()
      for (const [fraction, found] of [
        [0.5, p50Ms],
        [0.99, p99Ms],
      ] as const) {
        const exact = sorted[Math.ceil(sorted.length * fraction) - 1] ?? 0
        expect(found).toBeGreaterThanOrEqual(exact * 0.999)
        expect(found).toBeLessThanOrEqual(exact * 1.04 + 0.002)
      }
      expect(maxMs).toBe(sorted.at(-1))
    }),
  )
})

test('a message source names each of its devices once a round', () => {
  const ids = Array.from({ length: 50 }, (_, index) => `P-${String(index).padStart(4, '0')}`)
  const clock = messageClock()
  clock.set(1_768_435_200_123)
  const table = deviceTable(Buffer.from(`${ids.join('\n')}\n`))
  const source = messageSource(table, 10, 30, clock, seededRandom(1))
  const round = () =>
    Array.from({ length: 20 }, () => {
      const bytes = Buffer.from(source.payloadTemplate)
      source.fill(bytes, 0)
      const { device, at, values } = JSON.parse(bytes.toString())
      expect(at).toBe(1_768_435_200_123)
      expect(values.indoor_temperature_c).toBeGreaterThan(17)
      expect(values.indoor_temperature_c).toBeLessThan(25)
      return device
    })
  expect(round().sort()).toEqual(ids.slice(10, 30))
  expect(round().sort()).toEqual(ids.slice(10, 30))
})

async function countingBroker() {
  const broker = await Aedes.createBroker()
  const server = createServer(broker.handle)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  const received: string[] = []
  broker.authorizePublish = (_client, packet, done) => {
    received.push(packet.payload.toString())
    done(null)
  }
  onTestFinished(async () => {
    await new Promise<void>((resolve) => broker.close(resolve))
    await new Promise((resolve) => server.close(resolve))
  })
  return { port: address.port, received }
}

test.each([
  { name: 'as fast as acks come', messagesPerSecond: undefined },
  { name: 'at a fixed rate', messagesPerSecond: 2_000 },
])('every message that it counts as acked reached the broker, $name', async ({ messagesPerSecond }) => {
  const directory = await mkdtemp(join(tmpdir(), 'warmcity-load-'))
  onTestFinished(() => rm(directory, { recursive: true }))
  const deviceFile = join(directory, 'devices')
  await writeFile(deviceFile, Array.from({ length: 500 }, (_, index) => `P-${1000 + index}\n`).join(''))
  const { port, received } = await countingBroker()
  const generator = startLoadGenerator({
    ...{ host: '127.0.0.1', port, deviceFile, window: 8, reconnects: false, clockOffsetMs: 0, seed: 1 },
    ...(messagesPerSecond === undefined ? {} : { messagesPerSecond }),
    gateways: [200, 200, 100].map((devices, number) => {
      return { id: `G-${number}`, topic: `heating/v1/G-${number}/readings`, devices }
    }),
  })
  onTestFinished(() => generator.kill())
  await generator.connected
  const first = await generator.lap()
  await expect.poll(() => received.length, { timeout: 10_000 }).toBeGreaterThan(700)
  const last = await generator.stop()
  expect(last.inFlight).toBe(0)
  expect(first.acked + last.acked).toBe(received.length)
  expect(last.latency.count).toBe(last.acked)
  const devices = new Set(received.map((payload) => JSON.parse(payload).device))
  expect(devices.size).toBe(500)
})
