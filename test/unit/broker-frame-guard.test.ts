import { PassThrough } from 'node:stream'
import fc from 'fast-check'
import { generate, type Packet } from 'mqtt-packet'
import { expect, test } from 'vitest'
import { frameWalker, guardFrames } from '../../broker/frame-guard.ts'

const limits = { connectBytesMax: 100, packetBytesMax: 300 }
const publish = (bytes: number): Packet => ({
  cmd: 'publish',
  topic: 't',
  // A topic of one letter takes three bytes beside the payload at QoS 0.
  payload: Buffer.alloc(bytes - 3),
  qos: 0,
  dup: false,
  retain: false,
})
const ping = generate({ cmd: 'pingreq' })

test('however the bytes are cut, packets within the limits pass', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 3, max: 300 }), { maxLength: 20 }),
      fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1 }),
      (sizes, cuts) => {
        const bytes = Buffer.concat([ping, ...sizes.map((size) => generate(publish(size)))])
        const walker = frameWalker(limits)
        let at = 0
        for (let cut = 0; at < bytes.length; cut++) {
          const end = at + (cuts[cut % cuts.length] ?? 1)
          expect(walker.walk(bytes.subarray(at, end))).toBeUndefined()
          at = end
        }
        expect(walker.lastType()).toBe(sizes.length === 0 ? 12 : 3)
      },
    ),
  )
})

test('a packet over the limit is refused at its header, before its body', () => {
  const walker = frameWalker(limits)
  expect(walker.walk(ping)).toBeUndefined()
  const header = generate(publish(301)).subarray(0, 3)
  expect(walker.walk(header.subarray(0, 2))).toBeUndefined()
  expect(walker.walk(header.subarray(2))).toBe('packet_too_large')
})

test('the first packet has a smaller limit', () => {
  expect(frameWalker(limits).walk(generate(publish(100)))).toBeUndefined()
  expect(frameWalker(limits).walk(generate(publish(101)).subarray(0, 2))).toBe('packet_too_large')
})

test('a length field that goes on for ever is refused', () => {
  expect(frameWalker(limits).walk(Uint8Array.from([0x30, 0x80, 0x80, 0x80]))).toBeUndefined()
  expect(frameWalker(limits).walk(Uint8Array.from([0x30, 0x80, 0x80, 0x80, 0x80]))).toBe('packet_malformed')
})

test('nothing of a violating chunk is given out, and nothing after it', async () => {
  const stream = new PassThrough()
  const violations: string[] = []
  guardFrames(stream, limits, (violation) => violations.push(violation))
  stream.write(ping)
  expect(stream.read()).toEqual(ping)
  stream.write(Buffer.concat([ping, Uint8Array.from([0x30, 0xff, 0xff, 0xff, 0x7f, 1, 2, 3])]))
  expect(stream.read()).toBeNull()
  stream.write(ping)
  expect(stream.read()).toBeNull()
  expect(violations).toEqual(['packet_too_large'])
})

test('a stopped guard keeps everything back', () => {
  const stream = new PassThrough()
  const guard = guardFrames(stream, limits, () => expect.fail('no violation'))
  guard.stop()
  stream.write(ping)
  expect(stream.read()).toBeNull()
})

test('a read gives all that is buffered, however many chunks it came in', () => {
  const stream = new PassThrough()
  guardFrames(stream, limits, () => expect.fail('no violation'))
  const bytes = generate(publish(50))
  for (const byte of bytes) stream.write(Uint8Array.of(byte))
  expect(stream.read()).toEqual(bytes)
  expect(stream.read()).toBeNull()
})
