import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { hourMs } from '#domain/time.ts'
import { appendAudit } from '#store/ledger/audit.ts'
import { commissioningList } from '#store/ledger/commissioning.ts'
import type { Ledger } from '#store/ledger/database.ts'
import { type BrokerAddress, type GatewaySheet, gatewaySheet, gatewaySheetText } from '#store/ledger/gateway-sheet.ts'
import { importGateways } from '#store/ledger/gateways-import.ts'
import { readIdentity, revokeIdentity, rotateSecret } from '#store/ledger/mqtt-identities.ts'
import { defineCommand, exitCode } from './command.ts'
import { folderNow } from './data-folder.ts'
import { withLedger } from './folder-ledger.ts'
import { folderOf, folderOptions } from './ledger-options.ts'
import { type OptionValues, positiveInteger } from './options.ts'
import { commandLineActor, printImportProblems } from './registry.ts'

/** An installer drives from home to home: the old secret stays good for a day unless told otherwise. */
const overlapHoursDefault = 24
const commissioningPrintedMax = 10_000

const options = {
  ...folderOptions,
  broker: {
    env: 'WARMCITY_PUBLIC_BROKER',
    default: 'mqtt://127.0.0.1:1883',
    schema: z.url({
      protocol: /^mqtts?$/,
      error: 'give the address as gateways see it, like mqtts://heat.example.cn:8883',
    }),
    placeholder: 'URL',
    help: 'broker address that is printed on the sheets',
  },
  out: {
    env: 'WARMCITY_SHEETS',
    schema: z.string().min(1),
    placeholder: 'FOLDER',
    help: 'write one sheet a gateway (text and JSON) into this folder instead of printing them',
  },
  overlapHours: {
    env: 'WARMCITY_OVERLAP_HOURS',
    default: overlapHoursDefault,
    schema: positiveInteger('the overlap in hours', 24 * 60),
    placeholder: 'HOURS',
    help: 'how long the old secret stays good after a rotation',
  },
}
type Values = OptionValues<typeof options>

const actions: Readonly<
  Record<string, (ledger: Ledger, target: string | undefined, values: Values, now: () => number) => Promise<number>>
> = { import: importFile, rotate, revoke, list }

export const gateways = defineCommand({
  name: 'gateways',
  usage: 'import FILE.csv | rotate ID | revoke ID | list',
  summary: 'Makes gateway identities with a configuration sheet each, renews and ends them, shows who is missing',
  positionalsMax: 2,
  options,
  async run(values, [action = '', target]) {
    const act = Object.hasOwn(actions, action) ? actions[action] : undefined
    if (act === undefined || (target === undefined && action !== 'list')) {
      console.error('warmcity gateways: say what to do: import FILE.csv, rotate ID, revoke ID or list')
      return exitCode.usage
    }
    const folder = folderOf(values)
    return withLedger(folder, action === 'import' ? 'new' : 'known', async (ledger) => {
      return await act(ledger, target, values, () => folderNow(folder))
    })
  },
})

async function importFile(
  ledger: Ledger,
  file: string | undefined,
  values: Values,
  now: () => number,
): Promise<number> {
  if (file === undefined || !existsSync(file)) {
    console.error(`${file}: there is no such file`)
    return exitCode.failed
  }
  const broker = brokerAddress(values.broker)
  const result = await importGateways(ledger, file, { broker, actor: commandLineActor, now })
  if (!result.ok) {
    printImportProblems(result.problems, result.problemCount)
    return exitCode.failed
  }
  handOver(result.sheets, values.out)
  return exitCode.ok
}

async function rotate(ledger: Ledger, id = '', values: Values, now: () => number): Promise<number> {
  const shown = await ledger.write(async (transaction) => {
    const at = now()
    const made = await rotateSecret(transaction, id, { overlapMs: values.overlapHours * hourMs }, at)
    const detail = { overlapHours: values.overlapHours }
    if (made) {
      await appendAudit(transaction, {
        at,
        actor: commandLineActor,
        action: 'gateway.rotate',
        subject: `gateway/${id}`,
        detail,
      })
    }
    return made
  })
  if (shown === undefined) return unknownGateway(id)
  const granted = (await readIdentity(ledger.db, id))?.publish ?? []
  handOver([gatewaySheet(id, shown.secret, brokerAddress(values.broker), granted)], values.out)
  return exitCode.ok
}

async function revoke(ledger: Ledger, id = '', _values: Values, now: () => number): Promise<number> {
  const revoked = await ledger.write(async (transaction) => {
    const at = now()
    const done = await revokeIdentity(transaction, id, at)
    if (done) {
      await appendAudit(transaction, {
        at,
        actor: commandLineActor,
        action: 'gateway.revoke',
        subject: `gateway/${id}`,
      })
    }
    return done
  })
  if (!revoked) return unknownGateway(id)
  console.log(`${id} is revoked; a live session ends within a second.`)
  return exitCode.ok
}

async function list(ledger: Ledger): Promise<number> {
  for (const entry of await commissioningList(ledger.db, { limit: commissioningPrintedMax })) {
    const notes = [
      !entry.hasIdentity && 'no identity',
      entry.online && 'online',
      entry.devicesSeen > 0 && `${entry.devicesSeen} devices heard`,
      entry.quarantined > 0 && `${entry.quarantined} quarantined`,
      entry.refused > 0 && `${entry.refused} refused`,
    ]
    console.log(`${entry.gateway}\t${entry.state}\t${notes.filter(Boolean).join(', ')}`)
  }
  return exitCode.ok
}

function unknownGateway(id: string): number {
  console.error(`"${id}" has no identity, or it is revoked: make one with "warmcity gateways import".`)
  return exitCode.failed
}

function brokerAddress(url: string): BrokerAddress {
  const { hostname, port, protocol } = new URL(url)
  const tls = protocol === 'mqtts:'
  return { host: hostname, port: port === '' ? (tls ? 8883 : 1883) : Number(port), tls }
}

/** The secrets are shown this once: on the terminal, or in files that only their owner can read. */
function handOver(sheets: readonly GatewaySheet[], folder: string | undefined): void {
  if (folder === undefined) {
    for (const sheet of sheets) console.log(gatewaySheetText(sheet))
    return
  }
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  for (const sheet of sheets) {
    writeFileSync(join(folder, `${sheet.gateway}.txt`), gatewaySheetText(sheet), { mode: 0o600 })
    writeFileSync(join(folder, `${sheet.gateway}.json`), `${JSON.stringify(sheet, null, 2)}\n`, { mode: 0o600 })
  }
  console.log(`${sheets.length} sheet(s) are in ${folder}`)
}
