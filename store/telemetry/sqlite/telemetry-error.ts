/** Stable codes of what can go wrong with the files of the store; the message says what to do about it. */
export type TelemetryErrorCode =
  | 'telemetry_in_use'
  | 'telemetry_maintenance_in_use'
  | 'telemetry_file_corrupt'
  | 'telemetry_file_missing'
  | 'telemetry_version'
  | 'telemetry_write_failed'
  | 'telemetry_closed'

/** An operational failure of the telemetry store, with a stable code and a message for the person on duty. */
export class TelemetryError extends Error {
  readonly code: TelemetryErrorCode

  constructor(code: TelemetryErrorCode, message: string, cause?: unknown) {
    super(message, { cause })
    this.name = 'TelemetryError'
    this.code = code
  }
}

/** Ends the name of a run file that the operator gave up; the store then goes on without its readings. */
export const abandonedSuffix = '.abandoned'

/** The error for a run file whose bytes are not what was written. */
export function damagedRunFile(path: string, cause: unknown): TelemetryError {
  return new TelemetryError(
    'telemetry_file_corrupt',
    `${path} is damaged. Stop the service and put the file back from a backup; or, to go on without its readings, ` +
      `rename it to end in "${abandonedSuffix}" and start again.`,
    cause,
  )
}

/** The error for a run file that the list of runs names and the folder does not hold. */
export function missingRunFile(path: string, cause?: unknown): TelemetryError {
  return new TelemetryError(
    'telemetry_file_missing',
    `${path} is missing. Stop the service and put the file back from a backup; or, to go on without its readings, ` +
      `make an empty file "${path}${abandonedSuffix}" and start again.`,
    cause,
  )
}

/** The error for a main file that SQLite cannot read. */
export function damagedMainFile(path: string, cause: unknown): TelemetryError {
  return new TelemetryError(
    'telemetry_file_corrupt',
    `${path} is damaged or is not a telemetry store. Stop the service and put the whole folder back from a backup; ` +
      'or move the folder away to begin an empty store, which takes in again what the journal still holds.',
    cause,
  )
}
