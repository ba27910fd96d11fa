import { spawnSync } from 'node:child_process'
import { rmSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setUpInflux } from '#store/telemetry/influx/setup.ts'
import { openInfluxTelemetry } from '#store/telemetry/influx/store.ts'
import { startInfluxd } from '../support/influxd.ts'
import { startPostgres } from '../support/postgres-server.ts'
import type { StoppedServer } from './outage-run.ts'

/** InfluxDB that keeps the readings. */
export async function influxdbToStop(): Promise<StoppedServer> {
  const influxd = await startInfluxd()
  const target = { url: influxd.url, database: 'warmcity' }
  await setUpInflux(target, 0)
  return {
    edge: { influxUrl: influxd.url },
    stop: () => influxd.stop(),
    start: () => influxd.start(),
    remove: () => influxd.remove(),
    openTelemetry: ({ telemetry }) => openInfluxTelemetry({ target, directory: telemetry, usageMsMax: 0 }),
  }
}

/** PostgreSQL that is the ledger, on a disk that it waits for. */
export async function postgresqlToStop(): Promise<StoppedServer & { readonly version: string }> {
  const server = await startPostgres({ fsync: true })
  const url = await server.createDatabase('warmcity')
  return {
    version: server.version,
    edge: { ledgerUrl: url },
    ledger: { url },
    stop: () => server.stop(),
    start: () => server.start(),
    remove: () => server.remove(),
  }
}

/** Enough for all that the run stores, and filled in a moment. */
const diskMegabytes = 512

/**
 * A disk of its own under the data folder, in memory, that is filled to the last byte. Undefined where we may not mount
 * one: that takes root.
 */
export async function diskToFill(): Promise<StoppedServer | undefined> {
  const disk = await mkdtemp(join(tmpdir(), 'warmcity-disk-'))
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${diskMegabytes}m`, 'tmpfs', disk])
  if (mounted.status !== 0) {
    await rm(disk, { recursive: true })
    return undefined
  }
  const filling = join(disk, 'filling')
  return {
    edge: {},
    disk,
    async stop() {
      const fill = (bytes: number) => {
        try {
          for (;;) writeFileSync(filling, Buffer.alloc(bytes), { flag: 'a' })
        } catch (error) {
          if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
        }
      }
      for (const bytes of [1 << 20, 4_096]) fill(bytes)
    },
    start: async () => rmSync(filling),
    async remove() {
      const unmounted = spawnSync('umount', [disk])
      if (unmounted.status !== 0) throw new Error(`${disk} is still mounted: ${unmounted.stderr}`)
      await rm(disk, { recursive: true })
    },
  }
}
