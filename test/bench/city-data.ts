import { spawn } from 'node:child_process'
import { createReadStream, createWriteStream, type WriteStream } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { finished } from 'node:stream/promises'
import { fileURLToPath } from 'node:url'
import { gatewayTopic } from '#domain/topics.ts'
import { openLedger } from '#store/ledger/database.ts'
import { createIdentities } from '#store/ledger/mqtt-identities.ts'
import { dataFolder } from '../../commands/data-folder.ts'
import { registryCsv } from '../../simulators/registry-csv.ts'
import type { LoadGateway } from './load-generator-process.ts'
import { processUsage } from './process-usage.ts'

const entry = fileURLToPath(new URL('../../warmcity.ts', import.meta.url))

export interface CityFiles {
  readonly csv: string
  readonly data: string
  readonly deviceFile: string
}

export const cityFiles = (directory: string): CityFiles => ({
  csv: join(directory, 'registry'),
  data: join(directory, 'data'),
  deviceFile: join(directory, 'devices'),
})

/** Writes the registry of a simulated city with a probe in every home, and returns how many rows it has. */
export async function writeCityRegistry(seed: number, dwellings: number, { csv }: CityFiles): Promise<number> {
  const counts = await registryCsv({ seed, dwellings, probeShare: 1, folder: csv })
  return Object.values(counts).reduce((sum, rows) => sum + rows, 0)
}

export interface CommandRun {
  readonly seconds: number
  readonly rssMbMax: number
}

/** Runs `warmcity registry import` to its end, as an operator would. */
export async function importWithCommand(path: string, { data }: CityFiles): Promise<CommandRun> {
  const startedAt = performance.now()
  const args = ['--disable-warning=ExperimentalWarning', entry, 'registry', 'import', path, '--data', data]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] })
  let rssMbMax = 0
  const watching = setInterval(() => {
    try {
      rssMbMax = Math.max(rssMbMax, processUsage(child.pid ?? 0).rssMb)
    } catch {
      // It has just ended.
    }
  }, 500)
  const code = await new Promise((resolve) => child.once('exit', resolve))
  clearInterval(watching)
  if (code !== 0) throw new Error(`warmcity registry import ended with ${code}`)
  return { seconds: (performance.now() - startedAt) / 1_000, rssMbMax }
}

/** The gateways that carry probes, for the load generator, and one that is left for messages of another kind. */
export interface CityFleet {
  readonly gateways: readonly LoadGateway[]
  readonly apart: { readonly gateway: LoadGateway; readonly probes: readonly string[] }
}

/** Makes identities of the gateways that carry probes, and the file of their probes' ids for the load generator. */
export async function makeCityFleet(files: CityFiles, now: number): Promise<CityFleet> {
  const probesByGateway = await collectProbes(join(files.csv, 'device_period.csv'))
  const ids = [...probesByGateway.keys()]
  const ledger = await openLedger(dataFolder(files.data).ledger)
  try {
    const identities = ids.map((id) => ({ id, kind: 'gateway' as const }))
    const secrets = await ledger.write((transaction) => createIdentities(transaction, identities, now))
    const gateways = ids.map((id) => {
      const devices = probesByGateway.get(id)?.length ?? 0
      return { id, secret: secrets.get(id) ?? '', topic: gatewayTopic(id, 'readings'), devices }
    })
    const last = gateways.pop()
    if (last === undefined || gateways.length === 0) throw new Error('The city is too small: one gateway stays apart')
    const out = createWriteStream(files.deviceFile)
    for (const { id } of gateways) await write(out, `${probesByGateway.get(id)?.join('\n')}\n`)
    await end(out)
    return { gateways, apart: { gateway: last, probes: probesByGateway.get(last.id) ?? [] } }
  } finally {
    await ledger.close()
  }
}

async function collectProbes(path: string): Promise<Map<string, string[]>> {
  const probes = new Map<string, string[]>()
  let idLength: number | undefined
  for await (const line of createInterface({ input: createReadStream(path) })) {
    const [device = '', gateway = '', placeKind] = line.split(',', 3)
    // The demo's probe has an id of another length, and a person to speak for it.
    if (placeKind !== 'dwelling' || device.length !== (idLength ?? device.length) || device === 'P-DEMO') continue
    idLength = device.length
    const known = probes.get(gateway)
    if (known) known.push(device)
    else probes.set(gateway, [device])
  }
  return probes
}

/**
 * Writes a correction of every home's heated area: an import of as many rows as there are homes, each of which
 * changes something.
 */
export async function writeAreaCorrection(files: CityFiles, moreM2: number): Promise<string> {
  const folder = join(files.csv, '..', 'correction')
  await mkdir(folder, { recursive: true })
  const out = createWriteStream(join(folder, 'dwelling_period.csv'))
  let text = ''
  let isHead = true
  for await (const line of createInterface({ input: createReadStream(join(files.csv, 'dwelling_period.csv')) })) {
    const cells = line.split(',')
    if (!isHead) cells[4] = (Number(cells[4]) + moreM2).toFixed(1)
    isHead = false
    text += `${cells.join(',')}\n`
    if (text.length < 1 << 18) continue
    await write(out, text)
    text = ''
  }
  await write(out, text)
  await end(out)
  return folder
}

function write(stream: WriteStream, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    stream.write(text, (error) => (error ? reject(error) : resolve()))
  })
}

async function end(stream: WriteStream): Promise<void> {
  stream.end()
  await finished(stream)
}
