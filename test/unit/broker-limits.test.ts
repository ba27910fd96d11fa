import { describe, expect, test } from 'vitest'
import { addressLimiter, charge, tryCharge } from '../../broker/allowance.ts'
import { connectionFault } from '../../broker/connection-faults.ts'
import { cooldowns } from '../../broker/cooldowns.ts'
import { refusalRecorder } from '../../broker/refusal-recorder.ts'
import type { Refusal } from '../../domain/identity.ts'

describe('an allowance', () => {
  const rate = { perSecond: 10, burst: 5 }

  test('lets a burst through and then delays to the rate', () => {
    const allowance = { doneAtMs: 0 }
    const delays = Array.from({ length: 8 }, () => charge(allowance, 1_000, 1, rate))
    expect(delays).toEqual([0, 0, 0, 0, 0, 100, 200, 300])
  })

  test('recovers with time', () => {
    const allowance = { doneAtMs: 0 }
    for (let message = 0; message < 8; message++) charge(allowance, 1_000, 1, rate)
    expect(charge(allowance, 1_400, 1, rate)).toBe(0)
    expect(charge(allowance, 1_400, 1, rate)).toBe(100)
    expect(charge(allowance, 60_000, 5, rate)).toBe(0)
  })

  test('what is turned away costs nothing', () => {
    const allowance = { doneAtMs: 0 }
    expect(Array.from({ length: 9 }, () => tryCharge(allowance, 1_000, 1, rate)).filter(Boolean)).toHaveLength(5)
    expect(tryCharge(allowance, 1_100, 1, rate)).toBe(true)
    expect(tryCharge(allowance, 1_100, 1, rate)).toBe(false)
  })
})

describe('connects of an address', () => {
  test('are bounded for each address alone', () => {
    const limiter = addressLimiter({ perSecond: 1, burst: 2 }, 100)
    expect(['a', 'a', 'a', 'b'].map((address) => limiter.admit(address, 0))).toEqual([true, true, false, true])
    expect(limiter.admit('a', 1_000)).toBe(true)
  })

  test('an IPv6 subscriber counts as one, and IPv4 is IPv4 however it is written', () => {
    const limiter = addressLimiter({ perSecond: 1, burst: 1 }, 100)
    expect(limiter.admit('2001:db8:1:2::1', 0)).toBe(true)
    expect(limiter.admit('2001:db8:1:2:3:4:5:6', 0)).toBe(false)
    expect(limiter.admit('2001:db8:1:3::1', 0)).toBe(true)
    expect(limiter.admit('2001:db8::', 0)).toBe(true)
    expect(limiter.admit('2001:db8:0:0:9::', 0)).toBe(false)
    expect(limiter.admit('::1', 0)).toBe(true)
    expect(limiter.admit('10.0.0.1', 0)).toBe(true)
    expect(limiter.admit('::ffff:10.0.0.1', 0)).toBe(false)
  })

  test('the table of addresses is bounded: the one seen first is forgotten', () => {
    const limiter = addressLimiter({ perSecond: 1, burst: 1 }, 2)
    expect(['a', 'b', 'c'].map((address) => limiter.admit(address, 0))).toEqual([true, true, true])
    expect(limiter.admit('c', 0)).toBe(false)
    expect(limiter.admit('a', 0)).toBe(true)
  })
})

test('a cooldown lasts for a jittered time', () => {
  let now = 0
  let draw = 0
  const cooling = cooldowns(
    () => now,
    () => draw,
  )
  cooling.start('early', 'rate_limit', 1_000, 3_000)
  draw = 0.999
  cooling.start('late', 'rate_limit', 1_000, 3_000)
  now = 999
  expect([cooling.reason('early'), cooling.reason('late'), cooling.reason('other')]).toEqual([
    'rate_limit',
    'rate_limit',
    undefined,
  ])
  now = 2_900
  cooling.sweep()
  expect([cooling.reason('early'), cooling.reason('late')]).toEqual([undefined, 'rate_limit'])
  now = 3_000
  expect(cooling.reason('late')).toBeUndefined()
})

describe('refusals', () => {
  const limits = {
    refusalRepeatMs: 1_000,
    refusalsBurst: 3,
    refusalsPerSecond: 1,
    refusalKeysMax: 2,
    topicLengthMax: 10,
  }
  const refusal = (clientId: string, more: Partial<Refusal> = {}): Refusal => ({
    at: 5,
    clientId,
    address: '10.0.0.1',
    action: 'connect',
    reason: 'wrong_secret',
    ...more,
  })
  function recorder(more: Partial<typeof limits> = {}) {
    const reported: Refusal[] = []
    const time = { now: 1_000_000 }
    const subject = refusalRecorder(
      { ...limits, ...more },
      (each) => reported.push(each),
      () => time.now,
    )
    return { ...subject, reported, time }
  }

  test('the same one is reported once in a while', () => {
    const { record, reported, time, counters } = recorder()
    expect([record(refusal('G1'), true), record(refusal('G1'), true)]).toEqual([true, false])
    time.now += 1_000
    expect(record(refusal('G1'), true)).toBe(true)
    expect(reported).toHaveLength(2)
    expect(counters()).toEqual({ refusals: 3, refusalsUnreported: 1 })
  })

  test('a flood of strangers does not hide a known gateway', () => {
    const { record, reported } = recorder()
    for (let stranger = 0; stranger < 50; stranger++) record(refusal(`x${stranger}`), false)
    expect(reported).toHaveLength(3)
    expect(record(refusal('G1'), true)).toBe(true)
  })

  test('the memory of repeats is bounded', () => {
    const { record } = recorder({ refusalsBurst: 100 })
    expect(['a', 'b', 'c', 'a', 'a'].map((id) => record(refusal(id), true))).toEqual([true, true, true, true, false])
  })

  test('texts that strangers choose are cut and cleaned', () => {
    const { record, reported } = recorder()
    record(refusal(`\u001b[2J${'x'.repeat(200)}`, { topic: 'a\nb/'.repeat(9) }), false)
    expect(reported[0]?.clientId).toMatch(/^\ufffd\[2Jx{124}$/)
    expect(reported[0]?.topic).toBe('a\ufffdb/a\ufffdb/a\ufffd')
  })
})

test.each([
  [Object.assign(new Error('bad user name or password'), { errorCode: 4 }), 'answered'],
  [Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' }), 'connection_lost'],
  [new Error('connection closed'), 'connection_lost'],
  [new Error('connect did not arrive in time'), 'connect_timeout'],
  [new Error('keep alive timeout'), 'keepalive'],
  [new Error('drain timeout'), 'stalled'],
  [new Error('Packet must not have both QoS bits set to 1'), 'packet_malformed'],
])('%s is %s', (error, fault) => {
  expect(connectionFault(error)).toBe(fault)
})
