import { z } from 'zod'
import { openLedger } from '#store/ledger/database.ts'
import { ensureIdentity } from '#store/ledger/mqtt-identities.ts'
import { passwordSchema } from '../api/account-schemas.ts'
import { ensureFirstAdmin } from '../api/first-accounts.ts'
import { defineCommand, exitCode } from './command.ts'
import { edgeOptions } from './common-options.ts'
import { prepareDemo } from './demo.ts'
import { folderOf, folderOptions } from './ledger-options.ts'
import { flagOption, type Option } from './options.ts'
import { secretOf } from './secret-file.ts'
import { apiClientId, apiIdentity, apiSecretOptions } from './service-accounts.ts'
import { simulationOptions } from './simulation-options.ts'
import { terminalTexts } from './texts.ts'

const { seed, dwellings } = simulationOptions

export const prepare = defineCommand({
  name: 'prepare',
  summary: 'Makes what edge and api need of each other before they run apart; can be run again',
  options: {
    ...folderOptions,
    ...apiSecretOptions,
    adminPassword: {
      env: 'WARMCITY_ADMIN_PASSWORD',
      schema: z.string().min(1),
      placeholder: 'TEXT',
      help: 'password of the first admin, made where there are no accounts; of all accounts of a demo',
      secret: true,
    } satisfies Option<string>,
    adminPasswordFile: {
      env: 'WARMCITY_ADMIN_PASSWORD_FILE',
      schema: z.string().min(1),
      placeholder: 'FILE',
      help: 'file that holds the password',
    } satisfies Option<string>,
    demo: flagOption('WARMCITY_DEMO', "make a simulated city's registry, gateways and accounts as well"),
    city: edgeOptions.city,
    policy: edgeOptions.policy,
    seed,
    dwellings,
  },
  async run(values) {
    const secret = secretOf(values.mqttSecret, values.mqttSecretFile)
    const password = secretOf(values.adminPassword, values.adminPasswordFile)
    const problem = objection(secret, password)
    if (problem !== undefined) {
      console.error(`warmcity prepare: ${problem}`)
      return exitCode.usage
    }
    const folder = folderOf(values)
    const now = Date.now()
    const ledger = await openLedger(folder.ledger)
    try {
      const isNew = await ledger.write((transaction) => ensureIdentity(transaction, apiIdentity, secret ?? '', now))
      console.log(isNew ? `${apiClientId} may connect to the broker` : `${apiClientId} could connect already`)
      const admin = await ensureFirstAdmin(ledger, now, password)
      console.log(admin ? `made the account ${admin.account}` : 'there are accounts already')
    } finally {
      await ledger.close()
    }
    if (!values.demo) return exitCode.ok
    const demo = await prepareDemo(folder, { ...values, password, opensAt: now }, now, terminalTexts(process.env))
    console.log(`accounts of the simulated city: ${demo.accounts.join(', ')}`)
    return exitCode.ok
  },
})

function objection(secret: string | undefined, password: string | undefined): string | undefined {
  if (secret === undefined || secret === '') {
    return `give the secret of ${apiClientId} by --mqtt-secret-file or in WARMCITY_MQTT_SECRET`
  }
  const checked = passwordSchema.safeParse(password)
  if (checked.success) return undefined
  const reason = checked.error.issues[0]?.message
  return `give the first admin's password by --admin-password-file or in WARMCITY_ADMIN_PASSWORD: ${reason}`
}
