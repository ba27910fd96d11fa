import { measurements, type RollUpLevel } from './telemetry-names.ts'

/**
 * What is pushed to Grafana Live. A push goes to a stream; Grafana makes a channel of each measurement in it, and a
 * panel listens to one channel. Names have letters, digits, "_" and "-".
 */
export const liveStream = 'warmcity'

/** A roll-up's measurement says its level, so that a panel hears of the city without hearing of every building. */
export const liveMeasurement = (level: RollUpLevel): string => `${measurements.rollUp.name}_${level}`
/** Numbers, kinds and subjects of signals, as they come. */
export const liveSignalMeasurement = 'signal'

export const liveChannels = {
  city: `stream/${liveStream}/${liveMeasurement('city')}`,
} as const
