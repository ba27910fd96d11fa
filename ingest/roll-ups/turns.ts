import { setImmediate as nextTurn } from 'node:timers/promises'

/** So long work goes on before readings have their turn. */
const stretchMsMax = 15

/** Long work in one thread beside readings: await the returned function now and then. */
export function inTurns(): () => Promise<void> | undefined {
  let begunMs = performance.now()
  return () => {
    if (performance.now() - begunMs < stretchMsMax) return undefined
    return nextTurn().then(() => {
      begunMs = performance.now()
    })
  }
}
