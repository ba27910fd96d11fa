/** Why a connection broke off, read from the errors that aedes and Node give. Pure. */
export type ConnectionFault =
  | 'answered' // refused with a CONNACK, and recorded there
  | 'connection_lost'
  | 'connect_timeout'
  | 'keepalive'
  | 'stalled' // a subscriber that did not read
  | 'packet_malformed'

const byMessage: Readonly<Record<string, ConnectionFault>> = {
  'connect did not arrive in time': 'connect_timeout',
  'keep alive timeout': 'keepalive',
  'drain timeout': 'stalled',
  'connection closed': 'connection_lost',
}

export function connectionFault(error: Error & { code?: unknown; errorCode?: unknown }): ConnectionFault {
  if (error.errorCode !== undefined) return 'answered'
  const known = byMessage[error.message]
  if (known !== undefined) return known
  // System, TLS and stream errors carry a code; what the MQTT parser and aedes object to does not.
  return error.code === undefined ? 'packet_malformed' : 'connection_lost'
}
