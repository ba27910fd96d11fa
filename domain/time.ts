import { z } from 'zod'

/** Gives city time in epoch milliseconds. Everything that needs a "now" is handed one of these. */
export interface Clock {
  now(): number
}

/**
 * Where the city's clock stands against the wall clock. City time is
 * `cityMs + (wall - wallMs) * speed`. While history fills in (`catchingUp`) speed is 0 and the clock moves in steps,
 * and nobody is notified of what happened.
 */
export const clockAnchorSchema = z.strictObject({
  cityMs: z.number(),
  wallMs: z.number(),
  speed: z.number().min(0),
  simulated: z.boolean(),
  catchingUp: z.boolean(),
})
export type ClockAnchor = z.infer<typeof clockAnchorSchema>

/** City time in epoch milliseconds at a wall time in epoch milliseconds. */
export function cityTime(anchor: ClockAnchor, wallMs: number): number {
  return Math.round(anchor.cityMs + (wallMs - anchor.wallMs) * anchor.speed)
}

/** The anchor of a service that runs on real time. */
export const wallClockAnchor: ClockAnchor = { cityMs: 0, wallMs: 0, speed: 1, simulated: false, catchingUp: false }

export const secondMs = 1_000
export const minuteMs = 60_000
export const hourMs = 3_600_000
export const dayMs = 86_400_000
