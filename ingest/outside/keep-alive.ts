/** Keeps a connection alive, and notices when the other side no longer is (MQTT 3.1.2.10). */
export interface KeepAlive {
  start(seconds: number): void
  /** Bytes have come: the other side lives. */
  heard(): void
  stop(): void
}

export interface KeepAliveOptions {
  ping(): void
  /** While we do not read, silence is our own doing. */
  isPaused(): boolean
  dead(): void
}

export function keepAlive({ ping, isPaused, dead }: KeepAliveOptions): KeepAlive {
  let timer: NodeJS.Timeout | undefined
  let isQuiet = false

  function look(): void {
    if (isQuiet && !isPaused()) {
      dead()
      return
    }
    isQuiet = true
    ping()
  }

  return {
    start(seconds) {
      isQuiet = false
      // Twice in the time, so that one look is never too late. The broker may want no keep-alive at all; we do.
      timer = setInterval(look, (seconds || 60) * 500)
    },
    heard() {
      isQuiet = false
    },
    stop: () => clearInterval(timer),
  }
}
