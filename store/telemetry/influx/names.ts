/**
 * What readings are called in InfluxDB: writers, queries and dashboards share these names. A point is one reading:
 * `reading,device=P-1,metric=indoor_temperature_c quality=1i,value=20.4 1768435200000` (milliseconds).
 */
export const readingMeasurement = 'reading'
export const deviceTag = 'device'
/** A name of the metric dictionary, with the unit as its end. */
export const metricTag = 'metric'
/** Always a float. */
export const valueField = 'value'
/** QARTOD flag, always an integer: 1 good, 2 unknown, 3 suspect, 4 fail, 9 missing. */
export const qualityField = 'quality'
