import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import { z } from 'zod'
import type { ApiDeps } from '../deps.ts'
import { instantOut } from '../schemas.ts'

export const timeSchema = z
  .object({
    now: instantOut.describe("The service's clock, epoch milliseconds"),
    simulated: z.boolean().describe('True where the clock is that of a simulated city'),
    speed: z.number().describe('How many city seconds pass in one real second; 0 while history fills in'),
    catchingUp: z.boolean().describe('True while history fills in: nobody is notified'),
    wall: instantOut.describe('The real time of the machine, epoch milliseconds'),
  })
  .meta({ id: 'Time' })

export const timeRoutes: FastifyPluginAsyncZod<Pick<ApiDeps, 'clock'> & { wallClock: () => number }> = async (
  app,
  { clock, wallClock },
) => {
  app.get(
    '/time',
    {
      config: { access: 'public' },
      schema: { tags: ['service'], summary: "The service's clock", response: { 200: timeSchema } },
    },
    async () => {
      const { simulated, speed, catchingUp } = clock.anchor()
      return { now: clock.now(), simulated, speed, catchingUp, wall: wallClock() }
    },
  )
}
