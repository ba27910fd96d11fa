import type { PayloadMapping } from '#domain/payload-mapping.ts'
import { filterMatches } from '#domain/topic-filter.ts'
import { type Refusal, shortened } from '../codecs/codec.ts'

/** By which mapping the topics of a filter are read. */
export interface ForeignTopic {
  readonly filter: string
  readonly mapping: PayloadMapping
}

/** What an address was from a time until a time. */
export interface AddressPeriod {
  /** Undefined: known and not wanted. */
  readonly device: string | undefined
  readonly from: number
  readonly to: number | undefined
}

/** An address in the payloads of a gateway. */
export interface ForeignAddress {
  readonly gateway: string
  readonly address: string
}

/** What the registry says of foreign payloads, as of a version that a record of the journal names. */
export interface ForeignDirectory {
  /** Mapped topics of the gateways; no entry where a gateway has none. */
  topics(gateways: readonly string[], version: number): Promise<Map<string, readonly ForeignTopic[]>>
  /** Periods of the addresses by `addressKey`, in order of their beginning; no entry: never mapped. */
  addresses(addresses: readonly ForeignAddress[], version: number): Promise<Map<string, readonly AddressPeriod[]>>
}

/** Ids of gateways have no line breaks. */
export const addressKey = ({ gateway, address }: ForeignAddress) => `${gateway}\n${address}`

/**
 * Answers of the ledger that are remembered, so that every delivery does not ask again: one for each address and each
 * of its mapped fields, some 150 bytes.
 */
const answersKeptMax = 400_000
/** What the registry would never take as an address is not asked for: a text column may not even hold it. */
const addressLengthMax = 200
const controlCharacter = /\p{Cc}/u
/** Readers that are apart may decode under two versions of the registry in turn. */
const versionsKeptMax = 2

interface VersionAnswers {
  readonly version: number
  readonly topics: Map<string, readonly ForeignTopic[]>
  readonly addresses: Map<string, readonly AddressPeriod[]>
  readonly topicsWanted: Set<string>
  readonly addressesWanted: Map<string, ForeignAddress>
}

const unanswered: Refusal = { code: 'device_not_mapped', detail: 'not yet known' }

/**
 * Mappings and addresses by version of the registry. What it does not know it collects, so that the ledger is asked
 * for many at once and the decoding is then done again: see `DeviceJudge`, which does the same for devices.
 */
export class ForeignBook {
  readonly #directory: ForeignDirectory
  #versions: VersionAnswers[] = []

  constructor(directory: ForeignDirectory) {
    this.#directory = directory
  }

  /** Forgets what fills up the memory. Not between the attempts of one block, which would ask for ever. */
  trim(): void {
    this.#versions = this.#versions.slice(0, versionsKeptMax)
    for (const { topics, addresses } of this.#versions) {
      if (topics.size + addresses.size <= answersKeptMax) continue
      topics.clear()
      addresses.clear()
    }
  }

  /** The mapped filter of the gateway that takes the topic in, the most particular one; undefined where none does. */
  topicOf(gateway: string, topic: string, version: number): ForeignTopic | undefined {
    const answers = this.#at(version)
    const topics = answers.topics.get(gateway)
    if (topics === undefined) answers.topicsWanted.add(gateway)
    return topics?.find(({ filter }) => filterMatches(filter, topic))
  }

  /** The device that an address of the gateway is at a time; undefined where it is known and not wanted. */
  deviceOf(gateway: string, address: string, field: string, at: number, version: number): string | undefined | Refusal {
    if (address.length > addressLengthMax || controlCharacter.test(address)) return notMapped(gateway, address, [])
    const one = field === '' ? [] : this.#periods({ gateway, address: `${address}#${field}` }, version)
    const periods = one === undefined || one.length > 0 ? one : this.#periods({ gateway, address }, version)
    if (periods === undefined) return unanswered
    const period = periods.findLast(({ from, to }) => from <= at && (to === undefined || to > from))
    if (period === undefined || (period.to !== undefined && period.to <= at))
      return notMapped(gateway, address, periods)
    return period.device
  }

  /** Asks the ledger what was not known; false where nothing was to be asked. */
  async answerQuestions(): Promise<boolean> {
    let asked = false
    for (const { version, topics, addresses, topicsWanted, addressesWanted } of this.#versions) {
      if (topicsWanted.size + addressesWanted.size === 0) continue
      asked = true
      const [foundTopics, foundAddresses] = await Promise.all([
        topicsWanted.size > 0 ? this.#directory.topics([...topicsWanted], version) : nothing<readonly ForeignTopic[]>(),
        addressesWanted.size > 0
          ? this.#directory.addresses([...addressesWanted.values()], version)
          : nothing<readonly AddressPeriod[]>(),
      ])
      for (const gateway of topicsWanted) topics.set(gateway, foundTopics.get(gateway) ?? [])
      for (const key of addressesWanted.keys()) addresses.set(key, foundAddresses.get(key) ?? [])
      topicsWanted.clear()
      addressesWanted.clear()
    }
    return asked
  }

  #periods(address: ForeignAddress, version: number): readonly AddressPeriod[] | undefined {
    const answers = this.#at(version)
    const key = addressKey(address)
    const periods = answers.addresses.get(key)
    if (periods === undefined) answers.addressesWanted.set(key, address)
    return periods
  }

  #at(version: number): VersionAnswers {
    const known = this.#versions.find((answers) => answers.version === version)
    if (known) return known
    const fresh: VersionAnswers = {
      version,
      topics: new Map(),
      addresses: new Map(),
      topicsWanted: new Set(),
      addressesWanted: new Map(),
    }
    this.#versions = [fresh, ...this.#versions]
    return fresh
  }
}

const nothing = <T>(): ReadonlyMap<string, T> => new Map()

function notMapped(gateway: string, address: string, periods: readonly AddressPeriod[]): Refusal {
  const why = periods.length === 0 ? 'is not mapped' : 'is not mapped at the time of the reading'
  const detail =
    `The address "${shortened(address)}" ${why}. Name its device in foreign_device of gateway ${gateway}, or name it ` +
    'there without a device if nobody wants it; then send this delivery through again.'
  return { code: 'device_not_mapped', detail }
}
