import { hash } from 'node:crypto'
import type { AedesPublishPacket } from 'aedes'
import { describe, expect, test } from 'vitest'
import { identityTable } from '../../broker/identity-table.ts'
import { sessionStore } from '../../broker/session-store.ts'

describe('identities', () => {
  const sha256 = (secret: string) => hash('sha256', secret)
  const table = identityTable()
  table.replace([
    {
      id: 'G1',
      kind: 'gateway',
      secrets: [{ sha256: sha256('old'), validUntil: 1_000 }, { sha256: sha256('new') }, { sha256: 'not hex' }],
      publish: ['a/#', 'a/#/b', ''],
      subscribe: ['x+'],
    },
    { id: 'G2', kind: 'gateway', secrets: [], publish: [], subscribe: [] },
  ])
  const outcome = (
    username: string | undefined,
    password: string | undefined,
    now: number,
    clientId = username ?? '',
  ) => {
    const verdict = table.authenticate(
      { clientId, username, password: password === undefined ? undefined : Buffer.from(password) },
      now,
    )
    return verdict.ok ? verdict.secret : verdict.reason
  }

  test.each([
    ['G1', 'new', 0, sha256('new')],
    ['G1', 'old', 999, sha256('old')],
    ['G1', 'old', 1_000, 'secret_expired'],
    ['G1', 'olden', 0, 'wrong_secret'],
    ['G1', '', 0, 'wrong_secret'],
    ['G1', undefined, 0, 'no_credentials'],
    [undefined, 'new', 0, 'no_credentials'],
    ['', 'new', 0, 'no_credentials'],
    ['G2', '', 0, 'wrong_secret'],
    ['g1', 'new', 0, 'unknown_id'],
    ['__proto__', 'new', 0, 'unknown_id'],
  ])('%s with %s at %d: %s', (username, password, now, expected) => {
    expect(outcome(username, password, now)).toBe(expected)
  })

  test('the client id is the user name, and only who knows the secret learns that it is not', () => {
    expect(outcome('G1', 'new', 0, 'other')).toBe('client_id_mismatch')
    expect(outcome('G1', 'wrong', 0, 'other')).toBe('wrong_secret')
  })

  test('a secret goes out of force by time and by removal', () => {
    expect(table.isInForce('G1', sha256('old'), 999)).toBe(true)
    expect(table.isInForce('G1', sha256('old'), 1_000)).toBe(false)
    expect(table.isInForce('G2', sha256('old'), 0)).toBe(false)
    expect(table.expiring()).toEqual(['G1'])
  })

  test('a malformed grant grants nothing', () => {
    expect(table.get('G1')).toMatchObject({ publish: ['a/#'], subscribe: [] })
  })
})

describe('the session store', () => {
  const limits = {
    queuedMessagesPerSessionMax: 3,
    queuedBytesPerSessionMax: 2_000,
    queuedBytesMax: 3_000,
    retainedBytesMax: 10,
  }
  let counter = 0
  const message = (topic: string, bytes = 1): AedesPublishPacket => ({
    cmd: 'publish',
    topic,
    payload: Buffer.alloc(bytes, 'x'),
    qos: 1,
    dup: false,
    retain: false,
    brokerId: 'b',
    brokerCounter: ++counter,
  })
  const collect = async (stream: AsyncIterable<unknown>) => {
    const items: unknown[] = []
    for await (const item of stream) items.push(item)
    return items
  }
  const store = (granted: (id: string, filter: string) => boolean = () => true) => sessionStore(limits, granted)

  test('keeps messages for who subscribed with QoS 1, up to the bounds, and counts the rest', async () => {
    const subject = store()
    await subject.addSubscriptions({ id: 'A' }, [{ topic: 'a/#', qos: 1 }])
    await subject.addSubscriptions({ id: 'B' }, [{ topic: 'a/#', qos: 0 }])
    for (let each = 0; each < 5; each++) subject.enqueue(message('a/b'))
    subject.enqueue(message('c'))
    expect(await collect(subject.outgoingStream({ id: 'A' }))).toHaveLength(3)
    expect(await collect(subject.outgoingStream({ id: 'B' }))).toHaveLength(0)
    expect(subject.counters()).toMatchObject({ queuedMessages: 3, queuedMessagesDropped: 2, persistentSessions: 2 })
  })

  test('bounds the bytes of one session and of all', async () => {
    const subject = store()
    for (const id of ['A', 'B']) await subject.addSubscriptions({ id }, [{ topic: id, qos: 1 }])
    subject.enqueue(message('A', 1_700))
    subject.enqueue(message('A', 200))
    expect(subject.counters()).toMatchObject({ queuedMessages: 1, queuedMessagesDropped: 1 })
    subject.enqueue(message('B', 1_100))
    expect(subject.counters()).toMatchObject({ queuedMessages: 1, queuedMessagesDropped: 2 })
    subject.enqueue(message('B', 100))
    expect(subject.counters()).toMatchObject({ queuedMessages: 2, queuedBytes: 1_901 + 301 })
    subject.forget('A')
    expect(subject.counters()).toMatchObject({ queuedMessages: 1, queuedBytes: 301 })
  })

  test('a message stays until it is acked, and is marked as a duplicate when it is sent again', async () => {
    const subject = store()
    await subject.addSubscriptions({ id: 'A' }, [{ topic: 'a', qos: 1 }])
    const [first, second] = [message('a'), message('a')]
    subject.enqueue(first)
    subject.enqueue(second)
    await subject.outgoingUpdate({ id: 'A' }, { ...first, messageId: 7 })
    expect(await collect(subject.outgoingStream({ id: 'A' }))).toEqual([{ ...first, messageId: 7, dup: true }, second])
    await subject.outgoingClearMessageId({ id: 'A' }, { messageId: 99 })
    await subject.outgoingClearMessageId({ id: 'A' }, {})
    expect(await subject.outgoingClearMessageId({ id: 'A' }, { messageId: 7 })).toMatchObject({ topic: 'a' })
    expect(await collect(subject.outgoingStream({ id: 'A' }))).toEqual([second])
  })

  test('a PUBREL takes the place of its QoS 2 message', async () => {
    const subject = store()
    await subject.addSubscriptions({ id: 'A' }, [{ topic: 'a', qos: 2 }])
    const sent = message('a')
    subject.enqueue(sent)
    await subject.outgoingUpdate({ id: 'A' }, { ...sent, messageId: 7 })
    await subject.outgoingUpdate({ id: 'A' }, { cmd: 'pubrel', messageId: 7 })
    expect(await collect(subject.outgoingStream({ id: 'A' }))).toEqual([{ cmd: 'pubrel', messageId: 7 }])
    await subject.outgoingClearMessageId({ id: 'A' }, { messageId: 7 })
    expect(subject.counters()).toMatchObject({ queuedMessages: 0, queuedBytes: 0 })
  })

  test('keeps only filters that were granted', async () => {
    const subject = store((_id, filter) => filter === 'a')
    await subject.addSubscriptions({ id: 'A' }, [
      { topic: 'a', qos: 1 },
      { topic: 'b', qos: 1 },
    ])
    expect(await subject.subscriptionsByClient({ id: 'A' })).toMatchObject([{ topic: 'a', qos: 1 }])
    expect([subject.wants('a'), subject.wants('b')]).toEqual([true, false])
  })

  test('a clean CONNECT ends the session that was', async () => {
    const subject = store()
    await subject.addSubscriptions({ id: 'A' }, [{ topic: 'a', qos: 1 }])
    subject.enqueue(message('a'))
    await subject.incomingStorePacket({ id: 'A' }, { messageId: 3 })
    await subject.cleanSubscriptions({ id: 'A' })
    expect(subject.counters()).toMatchObject({ persistentSessions: 0, queuedMessages: 0, queuedBytes: 0 })
    expect(subject.wants('a')).toBe(false)
    await expect(subject.incomingGetPacket({ id: 'A' }, { messageId: 3 })).rejects.toThrow()
  })

  test('the end of a clean session leaves nothing, and takes nothing of a persistent one', async () => {
    const subject = store()
    await subject.incomingStorePacket({ id: 'A' }, { messageId: 3 })
    await subject.cleanIncoming({ id: 'A' })
    expect(subject.counters().persistentSessions).toBe(0)
    await subject.addSubscriptions({ id: 'A' }, [{ topic: 'a', qos: 1 }])
    await subject.cleanIncoming({ id: 'A' })
    expect(await subject.subscriptionsByClient({ id: 'A' })).toHaveLength(1)
  })

  test('small retained messages are found by topic and by wildcard, an empty one clears', async () => {
    const subject = store()
    subject.retain(message('s/1/status'))
    subject.retain(message('s/2/status'))
    subject.retain(message('s/3/status', 11))
    expect(await collect(subject.createRetainedStreamCombi(['s/1/status', 's/3/status']))).toHaveLength(1)
    expect(await collect(subject.createRetainedStreamCombi(['s/+/status']))).toHaveLength(2)
    subject.retain(message('s/1/status', 0))
    expect(await collect(subject.createRetainedStreamCombi(['s/+/status']))).toHaveLength(1)
  })
})
