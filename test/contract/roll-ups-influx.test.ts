import { describe, expect, test } from 'vitest'
import { connectInflux } from '#store/telemetry/influx/connection.ts'
import { openInfluxRollUpReader, openInfluxRollUps, rollUpTarget } from '#store/telemetry/influx/roll-ups.ts'
import { influxDatabases, influxName } from '../support/influx-databases.ts'
import { hasInflux } from '../support/influxd.ts'
import { type RollUpsHarness, rollUpsContract } from './roll-ups-contract.ts'

const suite = 'roll-ups in InfluxDB'

describe.runIf(hasInflux(suite))(suite, () => {
  const newDatabases = influxDatabases()

  async function makeHarness(): Promise<RollUpsHarness> {
    const { target, drop } = await newDatabases()
    return {
      open: async () => openInfluxRollUps({ target }),
      openReader: async () => openInfluxRollUpReader({ target }),
      remove: drop,
    }
  }

  rollUpsContract(influxName, makeHarness, false)

  test('whoever may ask the database of roll-ups finds nothing of few homes in it', async () => {
    const { target, drop } = await newDatabases()
    const store = openInfluxRollUps({ target })
    const place = { level: 'building', id: 'B-1', name: '1 号楼', district: 'D-1' } as const
    const figures = {
      dwellings_heated: 6,
      dwellings_measured: 4,
      indoor_mean_c: 17.5,
      flags_notice: 2,
      degree_hours_below_target: 1,
    }
    try {
      await store.writeRollUps([{ place, at: Date.UTC(2026, 0, 15), few: true, figures }])
      const shown = await connectInflux(rollUpTarget(target)).query('SELECT * FROM roll_up')
      expect(shown[0]?.columns).toEqual(expect.arrayContaining(['dwellings_heated', 'label', 'district']))
      for (const hidden of ['indoor_mean_c', 'flags_notice', 'degree_hours_below_target']) {
        expect(shown[0]?.columns).not.toContain(hidden)
      }
    } finally {
      await store.close()
      await drop()
    }
  })

  test('says what to do while the database is missing', async () => {
    const { target, drop } = await newDatabases()
    await drop()
    const store = openInfluxRollUps({ target })
    const place = { level: 'city', id: 'city', name: 'city' } as const
    const rollUp = { place, at: 0, few: false, figures: { dwellings_heated: 1 } }
    await expect(store.writeRollUps([rollUp])).rejects.toThrow('influx setup')
    await store.close()
  })
})
