/** Who may open an MQTT session, and what it may do beyond the topics that every gateway has. */
export interface MqttIdentity {
  /** Gateway id or service account name; also the MQTT client id. */
  readonly id: string
  readonly kind: 'gateway' | 'service'
  /** SHA-256 of each secret in force, hex; during a rotation there are two. `validUntil` is the service's clock. */
  readonly secrets: readonly { readonly sha256: string; readonly validUntil?: number }[]
  /** MQTT topic filters granted beyond a gateway's own topics (foreign formats), or to a service account. */
  readonly publish: readonly string[]
  readonly subscribe: readonly string[]
}

/** Something that was refused, kept for whoever has to find out why a gateway is mute. */
export interface Refusal {
  readonly at: number
  readonly clientId: string
  readonly address: string
  readonly action: 'connect' | 'publish' | 'subscribe'
  readonly topic?: string
  /** Stable code, e.g. `unknown_id`, `wrong_secret`, `topic_not_own`. */
  readonly reason: string
}

/** A change of a session's presence. */
export interface Presence {
  readonly at: number
  readonly id: string
  readonly state: 'online' | 'offline'
  readonly address: string
  /** Stable code: `connect`, `disconnect`, `connection_lost`, `keepalive`, `kicked`, `rate_limit`, `shutdown`. */
  readonly cause: string
}
