import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import type { ApiDeps, ApiOptions } from '../deps.ts'
import { instantOut } from '../schemas.ts'

export const timeSchema = z
  .object({
    now: instantOut.describe("The service's clock, epoch milliseconds"),
    simulated: z.boolean().describe('True where the clock is that of a simulated city'),
    speed: z.number().describe('How many city seconds pass in one real second; 0 while history fills in'),
    catchingUp: z.boolean().describe('True while history fills in: nobody is notified'),
    wall: instantOut.describe('The real time of the machine, epoch milliseconds'),
    timeZone: z.string().describe("IANA name of the city's zone"),
  })
  .meta({ id: 'Time' })

interface TimeDeps extends Pick<ApiDeps, 'clock'> {
  readonly wallClock: () => number
  readonly options: Pick<ApiOptions, 'timeZone'>
}

/** What the service's clock says now. */
export function tellTime({ clock, wallClock, options }: TimeDeps): z.infer<typeof timeSchema> {
  const { simulated, speed, catchingUp } = clock.anchor()
  return { now: clock.now(), simulated, speed, catchingUp, wall: wallClock(), timeZone: options.timeZone }
}

export const timeRoutes: FastifyPluginAsyncZod<TimeDeps> = async (app, deps) => {
  app.get(
    '/time',
    {
      config: { access: 'public' },
      schema: { tags: ['service'], summary: "The service's clock", response: { 200: timeSchema } },
    },
    async () => tellTime(deps),
  )
}
