import type { DiskForecast } from '#store/telemetry/disk-forecast.ts'

interface ReportLog {
  info(facts: object, message: string): void
  warn(facts: object, message: string): void
}

/** Tells the log how the disk will fill: once at the start, and whenever it begins to be too full. */
export function reportDisk(log: ReportLog): (forecast: DiskForecast) => void {
  let warned = false
  let told = false
  return (forecast) => {
    if (forecast.isWarning && !warned) {
      log.warn(forecast, 'the disk is more than 80 % full: make room, or keep raw readings for fewer days')
    } else if (!told) log.info(forecast, 'how the disk will fill')
    warned = forecast.isWarning
    told = true
  }
}
