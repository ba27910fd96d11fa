/**
 * The few MQTT 3.1.1 packets that a publisher needs, as bytes. Written by hand and apart from the broker's parser:
 * the load generator shares the processor with what it measures, so a message must cost almost nothing.
 */
const connectType = 0x10
/** PUBLISH at QoS 1; `dupFlag` is added to it when a message is sent again. */
const publishQos1Type = 0x32
export const dupFlag = 0x08
export const pingRequest = Buffer.from([0xc0, 0x00])
export const disconnectRequest = Buffer.from([0xe0, 0x00])

export interface Credentials {
  readonly clientId: string
  readonly password?: string
}

export function connectPacket({ clientId, password }: Credentials, keepAliveSeconds: number): Buffer {
  const cleanSessionFlag = 0x02
  const userAndPasswordFlags = password === undefined ? 0 : 0xc0
  const head = Buffer.from([0, 4, ...Buffer.from('MQTT'), 4, cleanSessionFlag | userAndPasswordFlags, 0, 0])
  head.writeUInt16BE(keepAliveSeconds, head.length - 2)
  const parts = [head, field(clientId)]
  if (password !== undefined) parts.push(field(clientId), field(password))
  return packet(connectType, Buffer.concat(parts))
}

/** A PUBLISH at QoS 1 and where its packet identifier and payload begin. */
export function publishPacket(
  topic: string,
  payload: string,
): { bytes: Buffer; packetIdAt: number; payloadAt: number } {
  const payloadBytes = Buffer.from(payload)
  const bytes = packet(publishQos1Type, Buffer.concat([field(topic), Buffer.alloc(2), payloadBytes]))
  const payloadAt = bytes.length - payloadBytes.length
  return { bytes, packetIdAt: payloadAt - 2, payloadAt }
}

function field(text: string): Buffer {
  const bytes = Buffer.from(text)
  const length = Buffer.alloc(2)
  length.writeUInt16BE(bytes.length)
  return Buffer.concat([length, bytes])
}

function packet(type: number, body: Buffer): Buffer {
  const remainingLength: number[] = []
  let rest = body.length
  do {
    remainingLength.push((rest & 0x7f) | (rest > 0x7f ? 0x80 : 0))
    rest >>= 7
  } while (rest > 0)
  return Buffer.concat([Buffer.from([type, ...remainingLength]), body])
}

export interface BrokerReplies {
  onConnack(returnCode: number): void
  onPuback(packetId: number): void
}

/**
 * Reads what a broker sends to a publisher. Packets other than CONNACK and PUBACK (PINGRESP, messages on the errors
 * topic) are skipped; a packet may be cut anywhere between two reads.
 */
export function replyReader(replies: BrokerReplies): (bytes: Uint8Array, length: number) => void {
  let type = 0
  let remaining = 0
  let shift = 0
  let body = 0
  let state: 'type' | 'length' | 'body' = 'type'

  function finish() {
    state = 'type'
    if (type === 0x40) replies.onPuback(body & 0xffff)
    else if (type === 0x20) replies.onConnack(body & 0xff)
  }

  return (bytes, length) => {
    let index = 0
    while (index < length) {
      // Nearly all that comes is whole PUBACKs: four bytes each.
      while (state === 'type' && index + 4 <= length && bytes[index] === 0x40 && bytes[index + 1] === 2) {
        replies.onPuback(((bytes[index + 2] ?? 0) << 8) | (bytes[index + 3] ?? 0))
        index += 4
      }
      if (index >= length) return
      const byte = bytes[index++] ?? 0
      if (state === 'type') {
        type = byte & 0xf0
        remaining = shift = body = 0
        state = 'length'
      } else if (state === 'length') {
        remaining |= (byte & 0x7f) << shift
        shift += 7
        if (byte < 0x80) {
          if (remaining === 0) finish()
          else state = 'body'
        }
      } else {
        body = (body << 8) | byte
        if (--remaining === 0) finish()
      }
    }
  }
}
