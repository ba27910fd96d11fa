export interface QuarantineTables {
  quarantine_delivery: {
    id: number
    gateway: string
    position: number
    received_at: number
    topic: string
    payload: Uint8Array
    size_bytes: number
    stored_readings: number
    /** JSON array of what is wrong. */
    problems: string
    first_code: string
    replay_requested_at: number | null
    replay_requested_by: string | null
    replayed_at: number | null
  }
  quarantine_gateway: {
    gateway: string
    total: number
    last_at: number
    kept: number
    kept_bytes: number
    dropped: number
    dropped_bytes: number
  }
}
