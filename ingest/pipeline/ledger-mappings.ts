import { sql } from 'kysely'
import { makeMapping, type PayloadMapping } from '#domain/payload-mapping.ts'
import type { LedgerDb } from '#store/ledger/database.ts'
import { counts } from '#store/ledger/registry-view.ts'
import { perStatement } from '#store/ledger/statement-rows.ts'
import { type AddressPeriod, addressKey, type ForeignDirectory, type ForeignTopic } from './foreign-book.ts'

/** Answers the decoder's questions about foreign payloads from the ledger. */
export function ledgerMappings(db: LedgerDb): ForeignDirectory {
  return {
    async topics(gateways, version) {
      const rows: { gateway: string; topic: string; mapping: string }[] = []
      for (const some of perStatement(gateways)) {
        const found = await db
          .selectFrom('foreign_topic as foreign')
          .select(['gateway', 'topic', 'mapping'])
          .where('gateway', 'in', some)
          .where(sql<boolean>`${counts('foreign_topic', 'foreign', sql`${version}`)}`)
          .execute()
        rows.push(...found)
      }
      const mappings = await mappingsOf(db, [...new Set(rows.map(({ mapping }) => mapping))], version)
      const topics = new Map<string, ForeignTopic[]>()
      for (const { gateway, topic, mapping: id } of rows) {
        const mapping = mappings.get(id)
        if (mapping) topics.set(gateway, [...(topics.get(gateway) ?? []), { filter: topic, mapping }])
      }
      for (const list of topics.values()) list.sort((one, other) => byParticularity(one.filter, other.filter))
      return topics
    },
    async addresses(addresses, version) {
      const periods = new Map<string, AddressPeriod[]>()
      const byGateway = Map.groupBy(addresses, ({ gateway }) => gateway)
      for (const [gateway, ofGateway] of byGateway) {
        for (const some of perStatement(ofGateway.map(({ address }) => address))) {
          const rows = await db
            .selectFrom('foreign_device as foreign')
            .select(['address', 'device', 'valid_from', 'valid_to'])
            .where('gateway', '=', gateway)
            .where('address', 'in', some)
            .where(sql<boolean>`${counts('foreign_device', 'foreign', sql`${version}`)}`)
            .orderBy('address')
            .orderBy('valid_from')
            .execute()
          for (const { address, device, valid_from, valid_to } of rows) {
            const key = addressKey({ gateway, address })
            const period = { device: device ?? undefined, from: valid_from, to: valid_to ?? undefined }
            periods.set(key, [...(periods.get(key) ?? []), period])
          }
        }
      }
      return periods
    },
  }
}

async function mappingsOf(db: LedgerDb, ids: readonly string[], version: number): Promise<Map<string, PayloadMapping>> {
  const mappings = new Map<string, PayloadMapping>()
  for (const some of perStatement(ids)) {
    const rows = await db
      .selectFrom('payload_mapping as known')
      .selectAll()
      .where('id', 'in', some)
      .where(sql<boolean>`${counts('payload_mapping', 'known', sql`${version}`)}`)
      .execute()
    const fields = await db
      .selectFrom('payload_field as known')
      .selectAll()
      .where('mapping', 'in', some)
      .where(sql<boolean>`${counts('payload_field', 'known', sql`${version}`)}`)
      .orderBy('field')
      .execute()
    const byMapping = Map.groupBy(fields, ({ mapping }) => mapping)
    for (const row of rows) mappings.set(row.id, makeMapping(row, byMapping.get(row.id) ?? []))
  }
  return mappings
}

/** Filters without wildcards come first, then those whose first wildcard stands furthest back; the rest by the text. */
function byParticularity(one: string, other: string): number {
  const fixed = (filter: string) => {
    const wildcard = filter.search(/[+#]/)
    return wildcard === -1 ? Number.POSITIVE_INFINITY : wildcard
  }
  const [a, b] = [fixed(one), fixed(other)]
  if (a !== b) return a > b ? -1 : 1
  return one < other ? -1 : 1
}
