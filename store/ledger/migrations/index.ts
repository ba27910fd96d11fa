import type { Migration } from 'kysely/migration'
import { stream } from './0001-stream.ts'
import { registry } from './0002-registry.ts'
import { gateways } from './0003-gateways.ts'
import { quarantine } from './0004-quarantine.ts'
import { watch } from './0005-watch.ts'
import { audit } from './0006-audit.ts'
import { accounts } from './0007-accounts.ts'
import { notifications } from './0008-notifications.ts'
import { ranking } from './0009-ranking.ts'
import { payloadMappings } from './0010-payload-mappings.ts'
import { quarantineRetain } from './0011-quarantine-retain.ts'
import { streamOrigin } from './0012-stream-origin.ts'
import { serviceNotices } from './0013-service-notices.ts'
import { dwellingDayPages } from './0014-dwelling-day-pages.ts'
import { flagCleared } from './0015-flag-cleared.ts'
import { ingestWorkers } from './0016-ingest-workers.ts'
import { circuitSupply } from './0017-circuit-supply.ts'
import { pushSources } from './0018-push-sources.ts'
import { quarantineReasons } from './0019-quarantine-reasons.ts'
import { objectionCodes } from './0020-objection-codes.ts'
import { lateSupply } from './0021-late-supply.ts'
import { supplyRoot } from './0022-supply-root.ts'

/** In the order of their names. A released migration is never changed. */
export const migrations: Record<string, Migration> = {
  '0001-stream': stream,
  '0002-registry': registry,
  '0003-gateways': gateways,
  '0004-quarantine': quarantine,
  '0005-watch': watch,
  '0006-audit': audit,
  '0007-accounts': accounts,
  '0008-notifications': notifications,
  '0009-ranking': ranking,
  '0010-payload-mappings': payloadMappings,
  '0011-quarantine-retain': quarantineRetain,
  '0012-stream-origin': streamOrigin,
  '0013-service-notices': serviceNotices,
  '0014-dwelling-day-pages': dwellingDayPages,
  '0015-flag-cleared': flagCleared,
  '0016-ingest-workers': ingestWorkers,
  '0017-circuit-supply': circuitSupply,
  '0018-push-sources': pushSources,
  '0019-quarantine-reasons': quarantineReasons,
  '0020-objection-codes': objectionCodes,
  '0021-late-supply': lateSupply,
  '0022-supply-root': supplyRoot,
}
