import { join } from 'node:path'
import { z } from 'zod'
import { alertsTopic, wakeTopic } from '#domain/topics.ts'
import { type Ledger, openLedger } from '#store/ledger/database.ts'
import { createIdentity, type NewIdentity, revokeIdentity } from '#store/ledger/mqtt-identities.ts'
import { replaceFileSync } from '#store/whole-file.ts'
import { ensureFirstAdmin } from '../api/first-accounts.ts'
import type { DataFolder } from './data-folder.ts'
import { readKeptFile } from './kept-file.ts'
import type { Option } from './options.ts'

/** The api's own account at the broker: it publishes alerts and hears that the ledger has news. */
export const apiClientId = 'warmcity-api'

export interface PreparedService {
  readonly apiSecret: string
  /** Set at the first start of a real city only: it is shown once. */
  readonly firstAdminPassword?: string
}

/** What it may do, whoever has chosen its secret. */
export const apiIdentity: NewIdentity = {
  id: apiClientId,
  kind: 'service',
  publish: [alertsTopic('+')],
  subscribe: [wakeTopic],
}

/** Its secret, for the api itself and for whoever makes the account. */
export const apiSecretOptions = {
  mqttSecret: {
    env: 'WARMCITY_MQTT_SECRET',
    schema: z.string().min(1),
    placeholder: 'SECRET',
    help: `secret of the service account ${apiClientId}; better given in the environment or by a file`,
  } satisfies Option<string>,
  mqttSecretFile: {
    env: 'WARMCITY_MQTT_SECRET_FILE',
    schema: z.string().min(1),
    placeholder: 'FILE',
    help: 'file that holds the secret',
  } satisfies Option<string>,
}

const keptServiceSchema = z.strictObject({ apiSecret: z.string() })

/** Makes what the services need of each other in a new data folder, and reads it in a known one. */
export async function prepareService(folder: DataFolder, now: number, simulated: boolean): Promise<PreparedService> {
  const path = join(folder.path, 'service.json')
  const ledger = await openLedger(folder.ledger)
  try {
    const kept = readKeptFile(path, keptServiceSchema)
    const apiSecret = kept?.apiSecret ?? (await makeApiIdentity(ledger, now))
    if (kept === undefined) replaceFileSync(path, JSON.stringify({ apiSecret }), 0o600)
    const admin = simulated ? undefined : await ensureFirstAdmin(ledger, now)
    return { apiSecret, ...(admin && { firstAdminPassword: admin.password }) }
  } finally {
    await ledger.close()
  }
}

/** A first start that was killed on the way may have left an identity whose secret nobody has: it begins anew. */
function makeApiIdentity(ledger: Ledger, now: number): Promise<string> {
  return ledger.write(async (transaction) => {
    await revokeIdentity(transaction, apiClientId, now)
    const shown = await createIdentity(transaction, apiIdentity, now)
    return shown?.secret ?? ''
  })
}
