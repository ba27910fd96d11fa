/**
 * Where the durable part of the journal ends, shared between the thread that writes and the threads that read: nobody
 * may act on a record that a power cut could still take back.
 */
export interface DurableEnd {
  readonly shared: SharedArrayBuffer
  get(): number
  /** Moves the end and wakes who waits for it. */
  set(position: number): void
  /** Resolves when the end lies behind `position`, or when the time is over or somebody wakes it. */
  beyond(position: number, timeoutMs: number): Promise<void>
  /** Ends every wait, in all threads. */
  wake(): void
}

export function createDurableEnd(shared: SharedArrayBuffer = new SharedArrayBuffer(8)): DurableEnd {
  const cell = new BigInt64Array(shared)
  const get = () => Number(Atomics.load(cell, 0))
  return {
    shared,
    get,
    set(position) {
      Atomics.store(cell, 0, BigInt(position))
      Atomics.notify(cell, 0)
    },
    wake: () => Atomics.notify(cell, 0),
    async beyond(position, timeoutMs) {
      // Read once: an end that is set between two looks would be waited at, and nobody would wake us.
      const end = Atomics.load(cell, 0)
      if (Number(end) > position) return
      const waiting = Atomics.waitAsync(cell, 0, end, timeoutMs)
      if (waiting.async) await waiting.value
    },
  }
}
