/** The zone of the model city; every wall clock in China shows it. */
export const cityZone = 'Asia/Shanghai'

/** City time for people: date and minute in the city's zone. */
export function cityTimeText(ms: number): string {
  const local = Temporal.Instant.fromEpochMilliseconds(Math.round(ms)).toZonedDateTimeISO(cityZone)
  return local.toPlainDateTime().toString({ smallestUnit: 'minute' }).replace('T', ' ')
}

/** City date for people, in the city's zone. */
export const cityDateText = (ms: number): string => cityTimeText(ms).slice(0, 10)
