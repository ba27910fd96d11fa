import { InfluxError } from '#store/telemetry/influx/influx-error.ts'
import { setUpInflux } from '#store/telemetry/influx/setup.ts'
import { defineCommand, exitCode } from './command.ts'
import { edgeOptions } from './common-options.ts'
import { influxOptions, influxTarget } from './influx-options.ts'
import { flagOption } from './options.ts'

/** A reading may come this much after its time, and InfluxDB goes by the time of the reading. */
const lateDaysMax = 30
/** For so long the journal may wait for InfluxDB without anything in it growing too old. */
const outageDaysMax = 7

export const influx = defineCommand({
  name: 'influx',
  usage: 'setup',
  summary: 'Makes the database or bucket in InfluxDB, sets how long it keeps data, checks the limits that bite',
  positionalsMax: 1,
  options: {
    ...influxOptions,
    retentionDays: edgeOptions.retentionDays,
    keepForever: flagOption('WARMCITY_KEEP_FOREVER', 'never drop readings; needed for simulated time'),
  },
  async run(values, [action]) {
    const target = influxTarget(values)
    if (action !== 'setup' || target === undefined) {
      const missing = action === 'setup' ? 'name the server: --influx-url URL' : 'say what to do: setup'
      console.error(`warmcity influx: ${missing}`)
      return exitCode.usage
    }
    try {
      const keepDays = values.keepForever ? 0 : values.retentionDays + lateDaysMax + outageDaysMax
      const { version, done, advice } = await setUpInflux(target, keepDays)
      console.log(`InfluxDB ${version} at ${target.url}`)
      for (const step of done.length > 0 ? done : ['everything was set up already']) console.log(`  ${step}`)
      for (const text of advice) console.log(`  To change: ${text}`)
      return exitCode.ok
    } catch (error) {
      if (!(error instanceof InfluxError)) throw error
      console.error(`warmcity influx: ${error.message}`)
      return exitCode.failed
    }
  },
})
