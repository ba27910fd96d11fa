export interface PresenceTables {
  /** The newest state of each identity that ever connected. */
  presence: {
    id: string
    state: 'online' | 'offline'
    at: number
    address: string
    cause: string
    first_online_at: number | null
    /** Changes ever; the newest of them are in `presence_change`. */
    changes: number
  }
  presence_change: {
    id: string
    number: number
    at: number
    state: 'online' | 'offline'
    address: string
    cause: string
  }
  /** The first reading of each device, whether the registry knows the device or not. */
  device_seen: { device: string; gateway: string; first_reading_at: number }
  gateway_seen: { gateway: string; first_reading_at: number; devices: number; devices_not_listed: number }
}
