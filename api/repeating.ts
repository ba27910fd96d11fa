export interface Repeating {
  /** Waits for the end of what is going on. */
  close(): Promise<void>
}

/** Works at once and then again and again; a time that comes while the work is still going on is left out. */
export function repeat(everyMs: number, work: () => Promise<void>, onError: (error: unknown) => void): Repeating {
  let running: Promise<void> | undefined

  function start(): void {
    running ??= work()
      .catch(onError)
      .finally(() => {
        running = undefined
      })
  }

  const timer = setInterval(start, everyMs)
  start()
  return {
    async close() {
      clearInterval(timer)
      await running
    },
  }
}
