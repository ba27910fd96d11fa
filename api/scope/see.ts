import type { FastifyRequest } from 'fastify'
import type { Clock } from '#domain/time.ts'
import type { LedgerDb } from '#store/ledger/database.ts'
import { principalOf } from '../security/guard.ts'
import { makeFirmReach } from './firm-reach.ts'
import { makeVisibility, type Visibility } from './visibility.ts'

/** What whoever makes a request may see. */
export type See = (request: FastifyRequest) => Visibility

export function makeSee(db: LedgerDb, clock: Clock): See {
  const firmReach = makeFirmReach(db)
  return (request) => makeVisibility({ db, firmReach }, principalOf(request).account, clock.now())
}
