/**
 * PUBACKs leave in the order in which the publishes came [MQTT-4.6.0-2], whatever the order in which they are durable.
 */
export interface AckLine {
  /** The next publish; its acknowledgement leaves when it and all before it are ready. */
  add(packetId: number): Place
  ready(place: Place): void
  readonly length: number
}

interface Place {
  readonly packetId: number
  ready: boolean
}

/** So many acked places are kept before the line is shortened: shortening copies what is left. */
const spentPlacesMax = 4_096

export function ackLine(acknowledge: (packetId: number) => void): AckLine {
  let line: Place[] = []
  let first = 0

  return {
    add(packetId) {
      const place = { packetId, ready: false }
      line.push(place)
      return place
    },
    ready(place) {
      place.ready = true
      for (let next = line[first]; next?.ready; next = line[first]) {
        acknowledge(next.packetId)
        first++
      }
      if (first === line.length) {
        line = []
        first = 0
      } else if (first >= spentPlacesMax) {
        line = line.slice(first)
        first = 0
      }
    },
    get length() {
      return line.length - first
    },
  }
}
