/**
 * Every group rewrites the block of the disk that it begins in, which costs more than the few records of a city's
 * trickle. Where publishers are many and do not wait for each other's acks, a group waits a little for company.
 */
export interface GroupPace {
  /** A delivery of this gateway comes into the next group. */
  arrived(gateway: string): void
  /**
   * Call it before a group is written; `bytes` says what it holds by now. Resolves when it is to be written;
   * undefined where that is at once.
   */
  gather(bytes: () => number): Promise<void> | undefined
  /** While history fills in, each step waits for its acks. */
  setCatchingUp(catchingUp: boolean): void
}

interface Timing {
  now(): number
  pause(ms: number): Promise<void>
}

/** From one write to the next. With a sync of 10 ms after it an ack comes in far less than 50 ms all the same. */
const gatherMs = 25
/** With this much a group costs hardly more than its own bytes. */
const gatherBytes = 32 << 10
/** So often it is looked whether records still come. */
const sliceMs = 5
/** Fewer bytes in a slice, some eight records, do not tell a pause by chance from publishers that wait. */
const sliceBytesMin = 1_024
/** In a slice with less than this share of what the rate promises, those who would send may be waiting for acks. */
const stalledShare = 0.2
/** A sender pauses now and then; where this share of the groups stalls, they do wait for acks. */
const stallsMax = 0.6
const stallsWeight = 0.2
/** Share of deliveries that come from another gateway than the one before: a publisher alone never waits. */
const otherGatewayShareMin = 0.5
const shareWeight = 1 / 64
/** The rate is one of about this time. */
const rateOverMs = 100
/** How long nothing is gathered after it held publishers up; doubled each time until it has not for a while. */
const backOffMsMin = 500
const backOffMsMax = 60_000
const successesMin = 50

const realTiming: Timing = {
  now: () => performance.now(),
  pause: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
}

export function createGroupPace({ now, pause }: Timing = realTiming): GroupPace {
  let catchingUp = false
  let lastGateway = ''
  let otherGatewayShare = 0
  let bytesPerMs = 0
  let writtenAt = now()
  let backOffMs = backOffMsMin
  let notBefore = 0
  let successes = 0
  let stalls = 0

  function learnRate(bytes: number): void {
    const elapsedMs = Math.max(0.1, now() - writtenAt)
    const weight = 1 - Math.exp(-elapsedMs / rateOverMs)
    bytesPerMs += weight * (bytes / elapsedMs - bytesPerMs)
  }

  const isWorthIt = (bytes: number) =>
    !catchingUp &&
    otherGatewayShare >= otherGatewayShareMin &&
    bytesPerMs * sliceMs >= sliceBytesMin &&
    bytes < gatherBytes &&
    now() - writtenAt + sliceMs <= gatherMs &&
    now() >= notBefore

  /** Waits slice by slice; false where nobody sent any more. */
  async function waitForCompany(bytes: () => number): Promise<boolean> {
    const expected = bytesPerMs * sliceMs
    let before = bytes()
    while (before < gatherBytes && now() - writtenAt + sliceMs <= gatherMs) {
      await pause(sliceMs)
      const came = bytes() - before
      if (came < expected * stalledShare) return false
      before += came
    }
    return true
  }

  async function waitAndLearn(bytes: () => number): Promise<void> {
    const came = await waitForCompany(bytes)
    writtenAt = now()
    if (came) successes += 1
    if (successes === successesMin) backOffMs = backOffMsMin
    stalls += stallsWeight * ((came ? 0 : 1) - stalls)
    if (stalls < stallsMax) return
    stalls = 0
    successes = 0
    notBefore = now() + backOffMs
    backOffMs = Math.min(backOffMsMax, 2 * backOffMs)
  }

  return {
    arrived(gateway) {
      otherGatewayShare += shareWeight * ((gateway === lastGateway ? 0 : 1) - otherGatewayShare)
      lastGateway = gateway
    },
    gather(bytes) {
      learnRate(bytes())
      if (isWorthIt(bytes())) return waitAndLearn(bytes)
      writtenAt = now()
      return undefined
    },
    setCatchingUp(isCatchingUp) {
      catchingUp = isCatchingUp
    },
  }
}
