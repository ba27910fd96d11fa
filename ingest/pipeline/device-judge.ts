import assert from 'node:assert'
import { idSchema } from '#domain/registry.ts'
import { type Refusal, shortened } from '../codecs/codec.ts'
import type { DevicePeriod, RegisteredDevices } from '../registered-devices.ts'
import { createIdMap, type IdMap } from '../watch/id-map.ts'
import type { IdTable } from '../watch/id-table.ts'
import { type DeviceDirectory, judgeGateway, tooManyUnregistered, unregisteredPerGatewayMax } from './registrations.ts'

/** Readers that are apart may decode under two versions of the registry in turn; more at once is a rare moment. */
const versionsKeptMax = 2
/** Answers about ids that were not taken, so that a gateway that repeats them does not ask the ledger each time. */
const answersKeptMax = 50_000
/** Answers about devices that were taken. Beyond it they are asked for again: memory has a bound, questions do not. */
const takenKeptMax = 100_000

/** A device whose first reading is not yet noted in the ledger. */
export interface NewDevice {
  readonly number: number
  readonly device: string
  readonly gateway: string
  readonly at: number
}

/** A version of the registry by which deliveries are judged. */
export interface RegistryVersion {
  readonly version: number
  /** What the ledger has answered of devices that memory cannot tell; empty: this version does not know it. */
  readonly answered: Map<number, readonly DevicePeriod[]>
}

interface Answer {
  readonly periods: readonly DevicePeriod[]
  readonly seen: boolean
}

/** What is known of a device beside its registration. */
const mark = {
  /** The ledger has noted its first reading. */
  noted: 1,
  /** The ledger was asked, and had not. */
  unnoted: 2,
  /** It was taken by the ledger's word: it does not count again for a gateway that brings it. */
  taken: 4,
} as const

/** Devices that changed after a version and up to another, each with the version that changed it first. */
interface LaterChanges {
  readonly after: number
  readonly through: number
  /** Undefined: too many to be held. */
  readonly first: ReadonlyMap<string, number> | undefined
}

/**
 * Decides which devices a gateway may speak for, by what is held in memory of the registry. What that cannot say it
 * collects, so that the ledger is asked for many devices at once and the decoding is then done again.
 */
export class DeviceJudge {
  readonly gatewayIds: string[] = []
  readonly #gatewayNumbers = new Map<string, number>()
  readonly #directory: DeviceDirectory
  #registered: RegisteredDevices
  /** From gateways by the number in `gatewayIds` to those of the registry. */
  #registeredGateways: IdMap
  #registeredGatewaysCount = 0
  #versions: RegistryVersion[] = []
  readonly #answers = new Map<string, Answer>()
  /** Devices unknown to the registry that were first heard through a gateway. */
  readonly #introduced = new Map<string, number>()
  #marks = new Uint8Array(1024)
  /** What the registry says that is newer than what memory holds. */
  #later: LaterChanges | undefined
  /** Version up to which it has to be asked for; 0 for none. */
  #laterWanted = 0
  /** Device ids to ask for, by version, each with the gateway that sent it. */
  readonly #questions = new Map<number, Map<string, string>>()
  /** Devices that were taken although the registry does not know them, in the present attempt. */
  introductions = 0

  constructor(directory: DeviceDirectory, registered: RegisteredDevices) {
    this.#directory = directory
    this.#registered = registered
    this.#registeredGateways = createIdMap((id) => registered.gateways.find(id))
  }

  /** Ids with the numbers that readings carry, for as long as the process lives. */
  get devices(): IdTable {
    return this.#registered.devices
  }

  /** Goes on with what was opened anew, over the same table of devices. */
  use(registered: RegisteredDevices): void {
    assert(registered.devices === this.devices, 'readings keep the numbers of their devices')
    this.#registered = registered
    this.#registeredGateways = createIdMap((id) => registered.gateways.find(id))
    this.#registeredGatewaysCount = 0
    this.#versions = []
  }

  readonly gatewayNumber = (id: string): number => {
    const known = this.#gatewayNumbers.get(id)
    if (known !== undefined) return known
    this.#gatewayNumbers.set(id, this.gatewayIds.length)
    return this.gatewayIds.push(id) - 1
  }

  version(number: number): RegistryVersion {
    const known = this.#versions.find((version) => version.version === number)
    if (known) return known
    const fresh = { version: number, answered: new Map() }
    this.#versions = [fresh, ...this.#versions].slice(0, versionsKeptMax)
    return fresh
  }

  /** The registry's number of a gateway; -1 for one that no device is registered to. */
  registeredGateway(gateway: number): number {
    if (this.#registeredGatewaysCount !== this.#registered.gateways.length) {
      this.#registeredGatewaysCount = this.#registered.gateways.length
      this.#registeredGateways.forgetMissing()
    }
    return this.#registeredGateways.at(gateway, this.gatewayIds)
  }

  /** True where the device was only ever registered to this gateway: the answer for nearly every reading. */
  allows(device: number, id: string, registeredGateway: number, { version }: RegistryVersion): boolean {
    if (registeredGateway < 0 || this.#registered.onlyGateway(device) !== registeredGateway) return false
    return this.#isHeld(device, id, version) === true
  }

  /** Whether memory holds what a version says of a device; undefined where the ledger must be asked first. */
  #isHeld(device: number, id: string, version: number): boolean | undefined {
    if (this.#registered.changedIn(device) > version) return false
    const held = this.#registered.version()
    if (version <= held) return true
    if (this.#later?.after !== held || this.#later.through < version) return undefined
    return this.#later.first !== undefined && (this.#later.first.get(id) ?? Number.POSITIVE_INFINITY) > version
  }

  /** The device's number, or why the gateway may not speak for it, or undefined where the ledger must be asked first. */
  judge(
    id: string,
    gateway: string,
    registry: RegistryVersion,
    receivedAt: number,
    at: number,
  ): number | Refusal | undefined {
    const device = this.devices.find(id)
    if (device < 0 && !idSchema.safeParse(id).success) {
      const detail = `"${shortened(id)}" is no device id: 1 to 64 letters, digits, "_", "." or "-", a letter or digit first.`
      return { code: 'schema', detail }
    }
    const isHeld = this.#isHeld(device, id, registry.version)
    if (isHeld === undefined) {
      this.#laterWanted = Math.max(this.#laterWanted, registry.version)
      return undefined
    }
    // Of a device that it holds no period of, memory cannot tell whether one was taken back: the ledger does.
    const held = isHeld && device >= 0 ? this.#registered.periods(device) : []
    const known = held.length > 0 ? held : registry.answered.get(device)
    if (known) return judgeGateway(known, gateway, receivedAt, at) ?? device
    return this.#judgeByAnswer(id, device, gateway, registry, receivedAt, at)
  }

  #judgeByAnswer(
    id: string,
    device: number,
    gateway: string,
    registry: RegistryVersion,
    receivedAt: number,
    at: number,
  ): number | Refusal | undefined {
    const answer = this.#answers.get(answerKey(registry.version, id))
    if (answer === undefined) return this.#ask(registry.version, id, gateway)
    const refusal = answer.periods.length > 0 ? judgeGateway(answer.periods, gateway, receivedAt, at) : undefined
    if (refusal) return refusal
    if (answer.periods.length === 0 && !answer.seen && !this.#has(device, mark.taken)) {
      const introduced = this.#introduced.get(gateway)
      if (introduced === undefined) return this.#ask(registry.version, id, gateway)
      if (introduced >= unregisteredPerGatewayMax) return tooManyUnregistered
      this.#introduced.set(gateway, introduced + 1)
      this.introductions++
    }
    const taken = this.devices.take(id)
    registry.answered.set(taken, answer.periods)
    this.#mark(taken, answer.seen ? mark.noted | mark.taken : mark.unnoted | mark.taken)
    return taken
  }

  #has(device: number, bits: number): boolean {
    return device >= 0 && ((this.#marks[device] ?? 0) & bits) !== 0
  }

  #mark(device: number, bits: number): void {
    if (device >= this.#marks.length) {
      const grown = new Uint8Array(Math.max(this.devices.length, Math.ceil(device * 1.25) + 1))
      grown.set(this.#marks)
      this.#marks = grown
    }
    this.#marks[device] = (this.#marks[device] ?? 0) | bits
  }

  #ask(version: number, id: string, gateway: string): undefined {
    const ids = this.#questions.get(version) ?? new Map<string, string>()
    this.#questions.set(version, ids.set(id, gateway))
  }

  isNoted(device: number): boolean {
    return this.#has(device, mark.noted)
  }

  /** The ledger has the first reading of these devices. */
  noted(devices: readonly NewDevice[]): void {
    for (const { number } of devices) this.#mark(number, mark.noted)
  }

  /** The ledger has the first reading of every device that has a 1 here. */
  notedBefore(devices: Uint8Array): void {
    for (let device = 0; device < devices.length; device++) if (devices[device] === 1) this.#mark(device, mark.noted)
  }

  /** Those of the devices whose first reading the ledger has not. */
  async unnoted(devices: readonly NewDevice[]): Promise<readonly NewDevice[]> {
    const unsure = devices.filter(({ number }) => !this.#has(number, mark.unnoted))
    if (unsure.length === 0) return devices
    const seen = await this.#directory.seen(unsure.map(({ device }) => device))
    for (const { number, device } of unsure) this.#mark(number, seen.has(device) ? mark.noted : mark.unnoted)
    return devices.filter(({ number }) => !this.isNoted(number))
  }

  /** Asks the ledger what was not known; false where nothing was to be asked. */
  async answerQuestions(): Promise<boolean> {
    if (this.#questions.size === 0 && this.#laterWanted === 0) return false
    const questions = [...this.#questions]
    const laterWanted = this.#laterWanted
    this.#questions.clear()
    this.#laterWanted = 0
    if (this.#answers.size > answersKeptMax) this.#answers.clear()
    for (const { answered } of this.#versions) if (answered.size > takenKeptMax) answered.clear()
    if (laterWanted > 0) await this.#lookAhead(laterWanted)
    for (const [version, devices] of questions) await this.#answer(version, devices)
    return true
  }

  async #lookAhead(through: number): Promise<void> {
    const after = this.#registered.version()
    const first = await this.#directory.changedDevices(after, through)
    this.#later = { after, through, first }
  }

  async #answer(version: number, devices: ReadonlyMap<string, string>): Promise<void> {
    const names = [...devices.keys()]
    const [periods, seen] = await Promise.all([this.#directory.periods(names, version), this.#directory.seen(names)])
    const gateways = new Set<string>()
    for (const [id, gateway] of devices) {
      const answer = { periods: periods.get(id) ?? [], seen: seen.has(id) }
      this.#answers.set(answerKey(version, id), answer)
      if (answer.periods.length === 0 && !answer.seen && !this.#introduced.has(gateway)) gateways.add(gateway)
    }
    const counts = await this.#directory.unregisteredSeen([...gateways], version)
    for (const gateway of gateways) this.#introduced.set(gateway, counts.get(gateway) ?? 0)
  }
}

const answerKey = (version: number, id: string) => `${version}/${id}`
