import { idSchema } from '#domain/registry.ts'
import { type Refusal, shortened } from '../codecs/codec.ts'
import { DeviceTable, RegistryVersion } from './device-table.ts'
import {
  type DeviceDirectory,
  type DevicePeriod,
  judgeGateway,
  tooManyUnregistered,
  unregisteredPerGatewayMax,
} from './registrations.ts'

/** Readers that are apart may decode under two versions of the registry in turn; more at once is a rare moment. */
const versionsKeptMax = 2
/** Answers about ids that were not taken, so that a gateway that repeats them does not ask the ledger each time. */
const answersKeptMax = 50_000

/** A device whose first reading is not yet noted in the ledger. */
export interface NewDevice {
  readonly number: number
  readonly device: string
  readonly gateway: string
  readonly at: number
}

interface Answer {
  readonly periods: readonly DevicePeriod[]
  readonly seen: boolean
}

/**
 * Decides which devices a gateway may speak for. What it does not know it collects, so that the ledger is asked for
 * many devices at once and the decoding is then done again.
 */
export class DeviceJudge {
  readonly devices = new DeviceTable()
  readonly gatewayIds: string[] = []
  readonly #gatewayNumbers = new Map<string, number>()
  readonly #directory: DeviceDirectory
  #versions: RegistryVersion[] = []
  readonly #answers = new Map<string, Answer>()
  /** Devices unknown to the registry that were first heard through a gateway. */
  readonly #introduced = new Map<string, number>()
  /** 1 where the ledger has noted the device's first reading. */
  #noted = new Uint8Array(1024)
  /** Device ids to ask for, by version, each with the gateway that sent it. */
  readonly #questions = new Map<number, Map<string, string>>()
  /** Devices that were taken although the registry does not know them, in the present attempt. */
  introductions = 0

  constructor(directory: DeviceDirectory) {
    this.#directory = directory
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
    const fresh = new RegistryVersion(number, this.gatewayIds)
    this.#versions = [fresh, ...this.#versions].slice(0, versionsKeptMax)
    return fresh
  }

  /** The device's number, or why the gateway may not speak for it, or undefined where the ledger must be asked first. */
  judge(
    id: string,
    gateway: string,
    registry: RegistryVersion,
    receivedAt: number,
    at: number,
  ): number | Refusal | undefined {
    const number = this.devices.numberOf(id)
    if (number !== undefined && registry.knows(number)) {
      return judgeGateway(registry.periods(number), gateway, receivedAt, at) ?? number
    }
    if (number === undefined && !idSchema.safeParse(id).success) {
      const detail = `"${shortened(id)}" is no device id: 1 to 64 letters, digits, "_", "." or "-", a letter or digit first.`
      return { code: 'schema', detail }
    }
    const answer = this.#answers.get(answerKey(registry.version, id))
    if (answer === undefined) {
      this.#ask(registry.version, id, gateway)
      return undefined
    }
    const refusal = answer.periods.length > 0 ? judgeGateway(answer.periods, gateway, receivedAt, at) : undefined
    if (refusal) return refusal
    if (number === undefined && answer.periods.length === 0 && !answer.seen) {
      const introduced = this.#introduced.get(gateway)
      if (introduced === undefined) {
        this.#ask(registry.version, id, gateway)
        return undefined
      }
      if (introduced >= unregisteredPerGatewayMax) return tooManyUnregistered
      this.#introduced.set(gateway, introduced + 1)
      this.introductions++
    }
    return this.#take(id, answer, registry)
  }

  #take(id: string, answer: Answer, registry: RegistryVersion): number {
    const number = this.devices.add(id)
    registry.set(number, answer.periods, this.gatewayNumber)
    if (number >= this.#noted.length) {
      const grown = new Uint8Array(this.#noted.length * 2)
      grown.set(this.#noted)
      this.#noted = grown
    }
    if (answer.seen) this.#noted[number] = 1
    return number
  }

  #ask(version: number, id: string, gateway: string): void {
    const ids = this.#questions.get(version) ?? new Map<string, string>()
    this.#questions.set(version, ids.set(id, gateway))
  }

  isNoted(device: number): boolean {
    return this.#noted[device] === 1
  }

  /** The ledger has the first reading of these devices. */
  noted(devices: readonly NewDevice[]): void {
    for (const { number } of devices) this.#noted[number] = 1
  }

  /** Asks the ledger what was not known; false where nothing was to be asked. */
  async answerQuestions(): Promise<boolean> {
    if (this.#questions.size === 0) return false
    const questions = [...this.#questions]
    this.#questions.clear()
    if (this.#answers.size > answersKeptMax) this.#answers.clear()
    for (const [version, ids] of questions) {
      const names = [...ids.keys()]
      const [periods, seen] = await Promise.all([this.#directory.periods(names, version), this.#directory.seen(names)])
      const gateways = new Set<string>()
      for (const [id, gateway] of ids) {
        const answer = { periods: periods.get(id) ?? [], seen: seen.has(id) }
        this.#answers.set(answerKey(version, id), answer)
        if (answer.periods.length === 0 && !answer.seen && !this.#introduced.has(gateway)) gateways.add(gateway)
      }
      const counts = await this.#directory.unregisteredSeen([...gateways], version)
      for (const gateway of gateways) this.#introduced.set(gateway, counts.get(gateway) ?? 0)
    }
    return true
  }
}

const answerKey = (version: number, id: string) => `${version}/${id}`
