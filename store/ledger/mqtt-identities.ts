export interface MqttIdentityTables {
  mqtt_identity: {
    id: string
    kind: 'gateway' | 'service'
    /** JSON arrays of MQTT topic filters. */
    publish: string
    subscribe: string
    created_at: number
    revoked_at: number | null
  }
  mqtt_secret: { identity: string; sha256: string; created_at: number; valid_until: number | null }
}
