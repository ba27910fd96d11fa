import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { filterCovers, filterMatches, isValidFilter, levelCount } from '#domain/topic-filter.ts'
import { mayReceive, publishVerdict, subscribeVerdict, willVerdict } from '../../broker/access.ts'
import type { MqttIdentity } from '../../domain/identity.ts'

const limits = { topicLevelsMax: 12, topicLengthMax: 256 }
const identity = (id: string, more: Partial<MqttIdentity> = {}): MqttIdentity => ({
  id,
  kind: 'gateway',
  secrets: [],
  publish: [],
  subscribe: [],
  ...more,
})
const gateway = identity('G1')
const foreign = identity('G1', { publish: ['zigbee2mqtt/house-7/#', 'heating/v1/#'], subscribe: ['zigbee2mqtt/+/set'] })
const sparkplug = identity('G1', { publish: ['spBv1.0/Heat/+/Edge/#'] })
const service = identity('S1', {
  kind: 'service',
  publish: ['heating/v1/alerts/+', 'heating/v1/+/commands', 'bridge/#'],
  subscribe: ['heating/v1/alerts/#', 'heating/v1/+/status'],
})
const everything = identity('S2', { kind: 'service', publish: ['#'], subscribe: ['#'] })
const deep = Array.from({ length: 13 }, () => 'a').join('/')

describe('publish', () => {
  const delivery = { allowed: true, journaled: true, retainable: false }
  const message = { allowed: true, journaled: false, retainable: false }
  const refused = (reason: string) => ({ allowed: false, reason })

  test.each([
    [gateway, 'heating/v1/G1/readings', delivery],
    [gateway, 'heating/v1/G1/senml', delivery],
    [gateway, 'heating/v1/G1/status', { ...delivery, retainable: true }],
    [gateway, 'heating/v1/G1/commands', refused('topic_not_own')],
    [gateway, 'heating/v1/G1/errors', refused('topic_not_own')],
    [gateway, 'heating/v1/G1/readings/', refused('topic_not_own')],
    [gateway, 'heating/v1/G1/Readings', refused('topic_not_own')],
    [gateway, 'heating/v1/G1', refused('topic_not_own')],
    [gateway, 'heating/v1/G11/readings', refused('topic_not_own')],
    [gateway, 'heating/v1/G2/readings', refused('topic_not_own')],
    [gateway, 'heating/v1/alerts/north', refused('topic_not_own')],
    [gateway, 'zigbee2mqtt/house-7/p1', refused('topic_not_own')],
    [gateway, '/heating/v1/G1/readings', refused('topic_not_own')],
    [gateway, 'heating/v1/+/readings', refused('topic_invalid')],
    [gateway, '', refused('topic_invalid')],
    [gateway, 'heating/v1/G1/readings\u0000', refused('topic_invalid')],
    [gateway, '$SYS/uptime', refused('topic_reserved')],
    [gateway, '$share/x/heating/v1/G1/readings', refused('topic_reserved')],
    [gateway, deep, refused('topic_too_deep')],
    [gateway, 'a'.repeat(257), refused('topic_too_long')],
    [foreign, 'zigbee2mqtt/house-7/kitchen/p1', delivery],
    [foreign, 'zigbee2mqtt/house-7', delivery],
    [foreign, 'zigbee2mqtt/house-70/p1', refused('topic_not_own')],
    // No grant lets a gateway speak in another's name, nor in the service's.
    [foreign, 'heating/v1/G2/readings', refused('topic_not_own')],
    [foreign, 'heating/v1/wake', refused('topic_not_own')],
    [foreign, 'heating/v1', refused('topic_not_own')],
    [service, 'heating/v1/alerts/north', message],
    [service, 'heating/v1/G1/commands', message],
    [service, 'bridge/ttn/up', delivery],
    [service, 'heating/v1/alerts/north/east', refused('topic_not_granted')],
    [service, 'heating/v1/S1/readings', refused('topic_not_granted')],
    [everything, 'heating/v1/wake', message],
    [everything, 'heating/v1/G1/errors', message],
    [everything, 'heating/v1/G1/readings', delivery],
    [everything, '$SYS/uptime', refused('topic_reserved')],
    // Ids that are levels of the service's own, or would be wildcards, own nothing.
    [identity('alerts'), 'heating/v1/alerts/readings', refused('topic_not_own')],
    [identity('wake'), 'heating/v1/wake/readings', refused('topic_not_own')],
    [identity('a/b'), 'heating/v1/a/b/readings', refused('topic_not_own')],
  ])('%o to %s', (who, topic, verdict) => {
    expect(publishVerdict(who, topic, limits)).toEqual(verdict)
  })
})

describe('subscribe', () => {
  test.each([
    [gateway, 'heating/v1/G1/commands', undefined],
    [gateway, 'heating/v1/G1/errors', undefined],
    [gateway, 'heating/v1/G1/readings', 'topic_not_own'],
    [gateway, 'heating/v1/G1/+', 'topic_not_own'],
    [gateway, 'heating/v1/G1/#', 'topic_not_own'],
    [gateway, 'heating/v1/+/commands', 'topic_not_own'],
    [gateway, 'heating/v1/G2/errors', 'topic_not_own'],
    [gateway, '#', 'wildcard_too_broad'],
    [gateway, '$SYS/#', 'topic_reserved'],
    [gateway, '$share/g/heating/v1/G1/errors', 'topic_reserved'],
    [gateway, 'heating/#/errors', 'topic_invalid'],
    [gateway, 'heating/v1/G+/errors', 'topic_invalid'],
    [gateway, `${deep}/#`, 'topic_too_deep'],
    [foreign, 'zigbee2mqtt/house-7/set', undefined],
    [foreign, 'zigbee2mqtt/+/set', undefined],
    [foreign, 'zigbee2mqtt/#', 'topic_not_own'],
    // Who speaks for a Sparkplug node hears the commands to it.
    [sparkplug, 'spBv1.0/Heat/NCMD/Edge', undefined],
    [sparkplug, 'spBv1.0/Heat/NCMD/Edge/#', undefined],
    [sparkplug, 'spBv1.0/Heat/DCMD/Edge/+', undefined],
    [sparkplug, 'spBv1.0/Heat/NDATA/Edge', 'topic_not_own'],
    [sparkplug, 'spBv1.0/Heat/NCMD/Other', 'topic_not_own'],
    [sparkplug, 'spBv1.0/Heat/NCMD/+', 'topic_not_own'],
    [sparkplug, 'spBv1.0/Heat/NCMD/#', 'topic_not_own'],
    [sparkplug, 'spBv1.0/+/NCMD/Edge', 'topic_not_own'],
    [foreign, 'spBv1.0/Heat/NCMD/Edge', 'topic_not_own'],
    [service, 'heating/v1/alerts/#', undefined],
    [service, 'heating/v1/alerts', undefined],
    [service, 'heating/v1/alerts/north', undefined],
    [service, 'heating/v1/+/status', undefined],
    [service, 'heating/v1/G1/status', undefined],
    [service, 'heating/v1/+/readings', 'topic_not_granted'],
    [service, 'heating/v1/#', 'topic_not_granted'],
    [service, 'heating/v1/S1/errors', 'topic_not_granted'],
    [everything, '#', 'wildcard_too_broad'],
    [everything, '+/v1/#', 'wildcard_too_broad'],
    [everything, 'heating/#', undefined],
    [everything, '$SYS/#', 'topic_reserved'],
  ])('%o to %s', (who, filter, reason) => {
    expect(subscribeVerdict(who, filter, limits)).toEqual(
      reason === undefined ? { allowed: true } : { allowed: false, reason },
    )
  })
})

test('a will goes to the own status topic, or tells the death of an own Sparkplug node, and nowhere else', () => {
  expect(willVerdict(gateway, 'heating/v1/G1/status').allowed).toBe(true)
  expect(willVerdict(sparkplug, 'spBv1.0/Heat/NDEATH/Edge').allowed).toBe(true)
  for (const [who, topic] of [
    [gateway, 'heating/v1/G1/readings'],
    [gateway, 'heating/v1/G2/status'],
    [foreign, 'zigbee2mqtt/house-7/bridge'],
    [sparkplug, 'spBv1.0/Heat/NDATA/Edge'],
    [sparkplug, 'spBv1.0/Heat/NDEATH/Other'],
    [foreign, 'spBv1.0/Heat/NDEATH/Edge'],
    [everything, 'heating/v1/S2/status'],
  ] as const) {
    expect(willVerdict(who, topic)).toEqual({ allowed: false, reason: 'will_topic_not_own' })
  }
})

test('what waited for somebody is handed over only while it may still be read', () => {
  expect(mayReceive(gateway, 'heating/v1/G1/commands')).toBe(true)
  expect(mayReceive(gateway, 'heating/v1/G2/commands')).toBe(false)
  expect(mayReceive(service, 'heating/v1/G1/status')).toBe(true)
  expect(mayReceive(service, 'heating/v1/G1/readings')).toBe(false)
})

describe('filters', () => {
  /** The same, written for clarity: level by level, from the specification's own words. */
  function matches(filter: string[], topic: string[]): boolean {
    const [level, ...rest] = filter
    if (level === undefined) return topic.length === 0
    if (level === '#') return true
    const [name, ...below] = topic
    return name !== undefined && (level === '+' || level === name) && matches(rest, below)
  }
  const level = fc.constantFrom('a', 'b', 'ab', '')
  const topicOf = fc.array(level, { minLength: 1, maxLength: 5 }).filter((levels) => levels.join('/') !== '')
  const filterOf = fc
    .tuple(fc.array(fc.oneof(level, fc.constant('+')), { maxLength: 4 }), fc.boolean())
    .map(([levels, hash]) => (hash ? [...levels, '#'] : levels))
    .filter((levels) => levels.join('/') !== '')

  test('match as the specification says', () => {
    fc.assert(
      fc.property(filterOf, topicOf, (filter, topic) => {
        expect(filterMatches(filter.join('/'), topic.join('/'))).toBe(matches(filter, topic))
      }),
      { numRuns: 3_000 },
    )
  })

  test('a filter covers another exactly when it takes in all of its topics', () => {
    // "x" is a name that no filter has; six levels are one more than the longest filter has.
    let topics: string[][] = [[]]
    const universe: string[] = []
    for (let depth = 1; depth <= 6; depth++) {
      topics = topics.flatMap((topic) => ['a', 'b', 'x'].map((name) => [...topic, name]))
      universe.push(...topics.map((topic) => topic.join('/')))
    }
    const small = filterOf.map((levels) => levels.map((name) => (name === '' || name === 'ab' ? 'b' : name)).join('/'))
    fc.assert(
      fc.property(small, small, (granted, asked) => {
        // "+/#" takes in all of "#", but nobody may ask for "#" anyway.
        fc.pre(asked !== '#')
        const all = universe.every((topic) => !filterMatches(asked, topic) || filterMatches(granted, topic))
        expect(filterCovers(granted, asked)).toBe(all)
      }),
      { numRuns: 1_000 },
    )
  })

  test('nothing that begins with "$" is taken in by a leading wildcard', () => {
    expect(filterMatches('#', '$SYS/x')).toBe(false)
    expect(filterMatches('+/x', '$SYS/x')).toBe(false)
    expect(filterMatches('$SYS/#', '$SYS/x')).toBe(true)
    expect(filterCovers('#', '$SYS/x')).toBe(false)
  })

  test.each([
    ['a', true],
    ['a/+/b', true],
    ['+', true],
    ['#', true],
    ['a/#', true],
    ['/', true],
    ['', false],
    ['a/#/b', false],
    ['a#', false],
    ['a/b+', false],
    ['a/#b', false],
  ])('%s is valid: %s', (filter, valid) => {
    expect(isValidFilter(filter)).toBe(valid)
  })

  test('levels are counted', () => {
    expect(['a', 'a/b', '/', 'a//b'].map(levelCount)).toEqual([1, 2, 2, 3])
  })
})
