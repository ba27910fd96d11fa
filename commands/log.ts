import { type Logger, pino } from 'pino'
import pretty from 'pino-pretty'
import type { CityClock } from './clock.ts'

export const logLevels = ['debug', 'info', 'warn', 'error', 'silent'] as const
export type LogLevel = (typeof logLevels)[number]

/**
 * The service's logger. Every line carries the city's time and says when that time is simulated. A terminal gets
 * lines for people, anything else JSON.
 */
export function makeLogger(service: string, level: LogLevel, clock: CityClock): Logger {
  const options = {
    level,
    base: { service },
    mixin: () => ({
      cityTime: new Date(clock.now()).toISOString(),
      clock: clock.anchor().simulated ? 'simulated' : 'real',
    }),
  }
  if (!process.stdout.isTTY && process.env.WARMCITY_LOG_PRETTY !== '1') return pino(options)
  const stream = pretty({
    sync: true,
    ignore: 'pid,hostname,service,cityTime,clock,time',
    messageFormat: (line, messageKey) =>
      `${line.cityTime} ${line.clock === 'simulated' ? '(simulated) ' : ''}${line.service}: ${line[messageKey]}`,
  })
  return pino(options, stream)
}
