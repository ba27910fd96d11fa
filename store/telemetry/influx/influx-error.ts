/** Stable codes of what can go wrong between the service and InfluxDB; all of them pass when InfluxDB is well again. */
export type InfluxErrorCode =
  | 'influx_unreachable'
  /** The credentials are wrong or do not allow it. */
  | 'influx_denied'
  /** The database or bucket is not there. */
  | 'influx_missing'
  /** A limit of the server: series, tag values, body size, rate. */
  | 'influx_limit'
  /** The retention policy would drop what is written. */
  | 'influx_retention'
  /** The server failed, or answered what no InfluxDB answers. */
  | 'influx_failed'
  /** So many readings of one batch were refused that the reason cannot lie with them. */
  | 'influx_refuses_all'
  | 'influx_position_unreadable'
  | 'influx_closed'

/** An operational failure with a message for the person on duty. */
export class InfluxError extends Error {
  readonly code: InfluxErrorCode

  constructor(code: InfluxErrorCode, message: string, cause?: unknown) {
    super(message, { cause })
    this.name = 'InfluxError'
    this.code = code
  }
}
