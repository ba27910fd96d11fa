import type { DevicePeriod } from './registrations.ts'

/** States of a device in one version of the registry; a higher number is its only gateway's index plus 3. */
const unknown = 0
const neverRegistered = 1
const severalPeriods = 2
const firstGateway = 3

/** Device ids, numbered in order of their first reading. The table only grows: stores keep columns beside it. */
export class DeviceTable {
  readonly ids: string[] = []
  readonly #numbers = new Map<string, number>()

  numberOf(id: string): number | undefined {
    return this.#numbers.get(id)
  }

  add(id: string): number {
    const known = this.#numbers.get(id)
    if (known !== undefined) return known
    const number = this.ids.length
    this.ids.push(id)
    this.#numbers.set(id, number)
    return number
  }
}

/** What one version of the registry says of the devices of a table: 20 bytes each, for millions of them. */
export class RegistryVersion {
  readonly version: number
  readonly #gateways: readonly string[]
  #state = new Uint32Array(1024)
  #from = new Float64Array(1024)
  #to = new Float64Array(1024)
  readonly #several = new Map<number, readonly DevicePeriod[]>()

  constructor(version: number, gateways: readonly string[]) {
    this.version = version
    this.#gateways = gateways
  }

  knows(device: number): boolean {
    return device < this.#state.length && this.#state[device] !== unknown
  }

  /** True where the device was only ever registered to this gateway, or never to any: nothing more is to be asked. */
  allows(device: number, gateway: number): boolean {
    const state = this.#state[device]
    return state === gateway + firstGateway || state === neverRegistered
  }

  periods(device: number): readonly DevicePeriod[] {
    const state = this.#state[device] ?? unknown
    if (state === severalPeriods) return this.#several.get(device) ?? []
    const gateway = this.#gateways[state - firstGateway]
    if (gateway === undefined) return []
    const to = this.#to[device] ?? Number.POSITIVE_INFINITY
    return [{ gateway, from: this.#from[device] ?? 0, to: to === Number.POSITIVE_INFINITY ? undefined : to }]
  }

  /** `gateways`: the index of each period's gateway. */
  set(device: number, periods: readonly DevicePeriod[], gatewayIndex: (id: string) => number): void {
    this.#reserve(device)
    const [only, ...more] = periods
    if (only === undefined) this.#state[device] = neverRegistered
    else if (more.length > 0) {
      this.#state[device] = severalPeriods
      this.#several.set(device, periods)
    } else {
      this.#state[device] = gatewayIndex(only.gateway) + firstGateway
      this.#from[device] = only.from
      this.#to[device] = only.to ?? Number.POSITIVE_INFINITY
    }
  }

  #reserve(device: number): void {
    if (device < this.#state.length) return
    const length = Math.max(device + 1, this.#state.length * 2)
    const grow = <T extends Uint32Array | Float64Array>(from: T, to: T): T => {
      to.set(from)
      return to
    }
    this.#state = grow(this.#state, new Uint32Array(length))
    this.#from = grow(this.#from, new Float64Array(length))
    this.#to = grow(this.#to, new Float64Array(length))
  }
}
