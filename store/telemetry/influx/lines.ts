import { escape } from '@influxdata/influxdb-client'
import { metricNameByCode } from '#domain/metric.ts'
import type { ReadingBatch } from '#domain/reading.ts'
import { deviceTag, metricTag, qualityField, readingMeasurement, valueField } from './names.ts'

/** Row numbers of a batch, in the order in which they are written. */
export type RowOrder = readonly number[] | Uint32Array

/** Writes readings in line protocol. */
export function makeLineWriter() {
  /** By metric code: what stands between the device and the quality. */
  const behindDevice = metricNameByCode.map(
    (metric) => metric && `,${metricTag}=${escape.tag(metric)} ${qualityField}=`,
  )
  const beforeDevice = `${escape.measurement(readingMeasurement)},${deviceTag}=`

  function line(batch: ReadingBatch, row: number): string {
    const device = escape.tag(batch.deviceIds[batch.device[row]])
    const metric = behindDevice[batch.metric[row]]
    return `${beforeDevice}${device}${metric}${batch.quality[row]}i,${valueField}=${batch.value[row]} ${batch.at[row]}`
  }

  return {
    line,
    lines: (batch: ReadingBatch, rows: readonly number[]) => rows.map((row) => line(batch, row)).join('\n'),
  }
}
