import { expect, test } from 'vitest'
import { createGroupPace } from '../../ingest/journal/group-pace.ts'

const recordBytes = 126
const syncMs = 3

/** A disk that takes some time for each group, and senders that may or may not wait for their acks, on a clock of their own. */
function world(senders: {
  arrivalsIn(fromMs: number, toMs: number): string[]
  acked(records: number, at: number): void
}) {
  let at = 0
  let records = 0
  let longestWaitMs = 0
  const go = (ms: number) => {
    for (const gateway of senders.arrivalsIn(at, at + ms)) {
      pace.arrived(gateway)
      records += 1
    }
    at += ms
  }
  const pace = createGroupPace({ now: () => at, pause: async (ms) => go(ms) })
  return {
    pace,
    /** Groups and records that were written within a time, and the longest that one waited before its write. */
    async run(forMs: number) {
      const end = at + forMs
      let groups = 0
      let written = 0
      longestWaitMs = 0
      while (at < end) {
        if (records === 0) {
          go(0.25)
          continue
        }
        const before = at
        await pace.gather(() => records * recordBytes)
        longestWaitMs = Math.max(longestWaitMs, at - before)
        const group = records
        records = 0
        go(syncMs)
        senders.acked(group, at)
        groups += 1
        written += group
      }
      return { groupsPerSecond: (groups * 1_000) / forMs, recordsPerSecond: (written * 1_000) / forMs, longestWaitMs }
    },
  }
}

/** Many gateways, each at its own time: nobody waits for anybody's ack. */
function independent(perSecond: number, gateways = 500) {
  let sent = 0
  return {
    arrivalsIn(_: number, toMs: number) {
      const due = Math.floor((toMs * perSecond) / 1_000)
      const ids = Array.from({ length: due - sent }, (_, index) => `G-${(sent + index) % gateways}`)
      sent = due
      return ids
    },
    acked() {},
  }
}

/** Each sends its next one a moment after the ack of the one before. */
function waiting(publishers: number) {
  let ready = Array.from({ length: publishers }, (_, index) => ({ at: 0, gateway: `G-${index}` }))
  let outstanding: string[] = []
  return {
    arrivalsIn(_: number, toMs: number) {
      const now = ready.filter(({ at }) => at < toMs)
      ready = ready.filter(({ at }) => at >= toMs)
      outstanding.push(...now.map(({ gateway }) => gateway))
      return now.map(({ gateway }) => gateway)
    },
    acked(records: number, at: number) {
      const done = outstanding.slice(0, records)
      outstanding = outstanding.slice(records)
      ready.push(...done.map((gateway) => ({ at: at + 0.5, gateway })))
    },
  }
}

test('a city that trickles is written in few groups, and none waits long', async () => {
  const { run } = world(independent(4_200))
  await run(2_000)
  const figures = await run(10_000)
  expect(figures.groupsPerSecond).toBeLessThan(50)
  expect(figures.recordsPerSecond).toBeGreaterThan(4_150)
  expect(figures.longestWaitMs).toBeGreaterThan(10)
  expect(figures.longestWaitMs).toBeLessThanOrEqual(25)
})

test('a publisher alone that waits for each ack is never held up', async () => {
  const { run } = world(waiting(1))
  const { longestWaitMs } = await run(120_000)
  expect(longestWaitMs).toBe(0)
})

test('publishers that wait for their acks lose hardly anything', async () => {
  for (const publishers of [10, 40, 200]) {
    const held = world(waiting(publishers))
    const free = world(waiting(publishers))
    free.pace.setCatchingUp(true)
    const withPace = await held.run(120_000)
    const without = await free.run(120_000)
    expect(without.longestWaitMs).toBe(0)
    expect(withPace.recordsPerSecond / without.recordsPerSecond).toBeGreaterThan(0.98)
  }
})

test('nothing waits while history fills in, nor where few send, nor where a group is large as it is', async () => {
  const filling = world(independent(4_200))
  filling.pace.setCatchingUp(true)
  expect((await filling.run(10_000)).longestWaitMs).toBe(0)
  expect((await world(independent(300)).run(10_000)).longestWaitMs).toBe(0)
  expect((await world(independent(4_200, 1)).run(10_000)).longestWaitMs).toBe(0)
  const crowd = world(independent(100_000))
  await crowd.run(1_000)
  expect((await crowd.run(10_000)).longestWaitMs).toBe(0)
})
