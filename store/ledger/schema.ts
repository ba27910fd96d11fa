import type { AccountTables } from './accounts.ts'
import type { AlertTables } from './alerts.ts'
import type { AuditTables } from './audit.ts'
import type { CircuitSupplyTables } from './circuit-supply.ts'
import type { CommissioningTables } from './commissioning.ts'
import type { DwellingDayTables } from './dwelling-days.ts'
import type { FlagTables } from './flags.ts'
import type { HomeProbeTables } from './home-probes.ts'
import type { IngestWorkerTables } from './ingest-workers.ts'
import type { LateSupplyTables } from './late-supply.ts'
import type { LeaseTables } from './leases.ts'
import type { MqttIdentityTables } from './mqtt-identities.ts'
import type { NotificationTables } from './notifications.ts'
import type { OutageTables } from './outages.ts'
import type { PresenceTables } from './presence.ts'
import type { PushSourceTables } from './push-sources.ts'
import type { QuarantineTables } from './quarantine.ts'
import type { RankingDayTables } from './ranking-days.ts'
import type { RankingExclusionTables } from './ranking-exclusions.ts'
import type { RankingFigureTables } from './ranking-figures.ts'
import type { RankingListTables } from './ranking-lists.ts'
import type { RankingObjectionTables } from './ranking-objections.ts'
import type { RankingVetoTables } from './ranking-vetoes.ts'
import type { ReaderPositionTables } from './reader-positions.ts'
import type { RefusalTables } from './refusals.ts'
import type { RegistryTables } from './registry-schema.ts'
import type { RollUpWaitingTables } from './roll-up-waiting.ts'
import type { ServiceNoticeTables } from './service-notices.ts'
import type { SessionTables } from './sessions.ts'
import type { SignalTables } from './signals.ts'
import type { WeatherTables } from './weather.ts'
import type { WebhookTables } from './webhooks.ts'

/** Every table of the ledger. Each repository file describes its own; the names here must match the migrations. */
export type LedgerSchema = RegistryTables &
  CommissioningTables &
  MqttIdentityTables &
  PresenceTables &
  PushSourceTables &
  QuarantineTables &
  RefusalTables &
  FlagTables &
  AlertTables &
  CircuitSupplyTables &
  LateSupplyTables &
  DwellingDayTables &
  HomeProbeTables &
  RollUpWaitingTables &
  OutageTables &
  WeatherTables &
  AuditTables &
  AccountTables &
  ServiceNoticeTables &
  SessionTables &
  WebhookTables &
  NotificationTables &
  LeaseTables &
  IngestWorkerTables &
  RankingDayTables &
  RankingListTables &
  RankingObjectionTables &
  RankingExclusionTables &
  RankingFigureTables &
  RankingVetoTables &
  ReaderPositionTables &
  SignalTables
