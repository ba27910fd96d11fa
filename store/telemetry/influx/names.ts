import { measurements } from '#domain/telemetry-names.ts'

const { reading } = measurements

/** A point is one reading: `reading,device=P-1,metric=indoor_temperature_c quality=1i,value=20.4 1768435200000`. */
export const readingMeasurement = reading.name
export const deviceTag = 'device' satisfies keyof typeof reading.tags
export const metricTag = 'metric' satisfies keyof typeof reading.tags
export const valueField = 'value' satisfies keyof typeof reading.fields
export const qualityField = 'quality' satisfies keyof typeof reading.fields
