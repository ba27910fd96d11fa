import type { RollUpFigures } from '#domain/live-roll-up.ts'
import type { RollUpFigure } from '#domain/telemetry-names.ts'
import { type ByteCursor, makeByteSink, readSigned, readUnsigned, writeSigned, writeUnsigned } from './bytes.ts'

/** Figures are rounded to thousandths before they are stored, so that whole numbers hold them: about three bytes each. */
const perUnit = 1_000
/** Of a plant with all its metrics. */
const bytesUsual = 256

/** Numbers that stand for the names of figures in a file. */
export interface FigureNames {
  numberOf(name: RollUpFigure): number
  /** Undefined for a figure that this version does not know. */
  nameOf(number: number): RollUpFigure | undefined
}

export function packFigures(figures: RollUpFigures, names: FigureNames): Uint8Array {
  const sink = makeByteSink(bytesUsual)
  for (const [name, value] of Object.entries(figures)) {
    writeUnsigned(sink, names.numberOf(name as RollUpFigure))
    writeSigned(sink, Math.round(value * perUnit))
  }
  return Uint8Array.prototype.slice.call(sink.bytes, 0, sink.length)
}

export function unpackFigures(bytes: Uint8Array, names: FigureNames): RollUpFigures {
  const figures: Partial<Record<RollUpFigure, number>> = {}
  const cursor: ByteCursor = { bytes, offset: 0 }
  while (cursor.offset < bytes.length) {
    const name = names.nameOf(readUnsigned(cursor))
    const value = readSigned(cursor) / perUnit
    if (name !== undefined) figures[name] = value
  }
  return figures
}
