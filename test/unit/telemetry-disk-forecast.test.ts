import { describe, expect, test } from 'vitest'
import { forecastDisk } from '#store/telemetry/disk-forecast.ts'

const gigabyte = 1e9
const dayMs = 86_400_000
const usage = { bytes: 2 * gigabyte, readings: 1e9, receivedFrom: 0, receivedTo: 2 * dayMs }

describe('forecast of the telemetry disk', () => {
  test('gives the rate of a day and the size at retention', () => {
    const forecast = forecastDisk({ usage, retentionDays: 30, diskBytes: 1000 * gigabyte, freeBytes: 900 * gigabyte })
    expect(forecast).toEqual({
      usedShare: 0.1,
      isWarning: false,
      bytesPerDay: gigabyte,
      bytesAtRetention: 31 * gigabyte,
    })
  })

  test('gives the days until 80 % when they come before retention', () => {
    const forecast = forecastDisk({ usage, retentionDays: 30, diskBytes: 100 * gigabyte, freeBytes: 30 * gigabyte })
    expect(forecast).toMatchObject({ usedShare: 0.7, isWarning: false, daysUntilFull: 10 })
    const longer = forecastDisk({ usage, retentionDays: 10, diskBytes: 100 * gigabyte, freeBytes: 30 * gigabyte })
    expect(longer.daysUntilFull).toBeUndefined()
  })

  test('warns above 80 %, with nothing left', () => {
    const forecast = forecastDisk({ usage, retentionDays: 2, diskBytes: 100 * gigabyte, freeBytes: 15 * gigabyte })
    expect(forecast).toMatchObject({ usedShare: 0.85, isWarning: true, daysUntilFull: 0 })
  })

  test('does not guess from less than an hour, nor from nothing', () => {
    const disk = { retentionDays: 30, diskBytes: 100 * gigabyte, freeBytes: 50 * gigabyte }
    expect(forecastDisk({ ...disk, usage: { ...usage, receivedTo: 1_000 } })).toEqual({
      usedShare: 0.5,
      isWarning: false,
    })
    expect(forecastDisk({ ...disk, usage: { bytes: 0, readings: 0 } })).toEqual({ usedShare: 0.5, isWarning: false })
  })

  test('takes event times where receipts are not known', () => {
    const byEvent = { bytes: gigabyte, readings: 1, oldestAt: 0, newestAt: dayMs }
    const disk = { retentionDays: 30, diskBytes: 100 * gigabyte, freeBytes: 50 * gigabyte }
    expect(forecastDisk({ ...disk, usage: byEvent }).bytesPerDay).toBe(gigabyte)
  })
})
