import { expect, onTestFinished, test } from 'vitest'
import { makeWorld, type PipelineStore, receivedAt, startPipeline } from '../support/pipeline-harness.ts'

const payload = JSON.stringify([{ device: 'P-1', at: receivedAt, values: { indoor_temperature_c: 20 } }])

/** A store on another machine, which is away while `isAway` says so. */
function distant(isAway: () => boolean) {
  const reach = async () => {
    if (isAway()) throw new Error('nobody answers')
  }
  return async (open: () => Promise<PipelineStore>): Promise<PipelineStore> => {
    const store = await open()
    return {
      ...store,
      check: reach,
      async append(...batch) {
        await reach()
        return store.append(...batch)
      },
    }
  }
}

test('a store that is away is told before the first reading, until something is durable again', async () => {
  const world = await makeWorld()
  onTestFinished(() => world.remove())
  let away = true
  const run = await startPipeline(world, { openTelemetry: distant(() => away) })
  const failing = () => run.messagesOf('progress').at(-1)?.failing
  await expect.poll(failing).toEqual([{ reader: 'telemetry', reason: 'nobody answers' }])
  expect(run.counters().telemetry_readings).toBe(0)
  await run.accept({ payload })
  away = false
  await run.settle()
  expect(failing()).toEqual([])
  expect(run.counters().telemetry_stored).toBe(1)
  await run.stop()
})

test('a stop does not fail because the store is away, and the next start stores what is left', async () => {
  const world = await makeWorld()
  onTestFinished(() => world.remove())
  let away = false
  const run = await startPipeline(world, { openTelemetry: distant(() => away) })
  await run.accept({ payload })
  await run.settle()
  away = true
  await run.accept({ payload: payload.replace('P-1', 'P-2') })
  await run.stop()
  away = false
  const again = await startPipeline(world, { openTelemetry: distant(() => away) })
  await again.settle()
  expect(again.counters()).toMatchObject({ telemetry_stored: 2, telemetry_repeats: 0 })
  await again.stop()
})
