import { escape as escaped } from '@influxdata/influxdb-client'
import { metricNameByCode } from '#domain/metric.ts'
import type { ReadingBatch } from '#domain/reading.ts'
import { deviceTag, metricTag, qualityField, readingMeasurement, valueField } from './names.ts'

/** Writes readings in line protocol. */
export function makeLineWriter() {
  /** By metric code: what stands between the device and the quality. */
  const behindDevice = metricNameByCode.map(
    (metric) => metric && `,${metricTag}=${escaped.tag(metric)} ${qualityField}=`,
  )
  const beforeDevice = `${escaped.measurement(readingMeasurement)},${deviceTag}=`

  function line(batch: ReadingBatch, row: number): string {
    const device = escaped.tag(batch.deviceIds.at(batch.device[row]) ?? '')
    const metric = behindDevice[batch.metric[row]]
    return `${beforeDevice}${device}${metric}${batch.quality[row]}i,${valueField}=${batch.value[row]} ${batch.at[row]}`
  }

  return {
    line,
    lines: (batch: ReadingBatch, rows: readonly number[]) => rows.map((row) => line(batch, row)).join('\n'),
  }
}
