import type { AuditTables } from './audit.ts'
import type { MqttIdentityTables } from './mqtt-identities.ts'
import type { PresenceTables } from './presence.ts'
import type { QuarantineTables } from './quarantine.ts'
import type { ReaderPositionTables } from './reader-positions.ts'
import type { RefusalTables } from './refusals.ts'
import type { RegistryTables } from './registry-schema.ts'
import type { SignalTables } from './signals.ts'

/** Every table of the ledger. Each repository file describes its own; the names here must match the migrations. */
export type LedgerSchema = RegistryTables &
  MqttIdentityTables &
  PresenceTables &
  QuarantineTables &
  RefusalTables &
  AuditTables &
  ReaderPositionTables &
  SignalTables
