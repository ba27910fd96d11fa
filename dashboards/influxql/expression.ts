import { type Duration, durationText, identifier } from './text.ts'

/**
 * Something that a query computes from columns named `Column`. Two of different columns cannot be mixed up, because the
 * compiler checks each name against the measurement that the query reads.
 */
export interface Expression<Column extends string> {
  readonly text: string
  /** Which columns it reads; only for the compiler and for whoever wants to know. */
  readonly reads: readonly Column[]
}

const call = <const Column extends string>(name: string, of: Column | Expression<Column>, ...more: string[]) => {
  const inner = typeof of === 'string' ? column(of) : of
  return { text: `${name}(${[inner.text, ...more].join(', ')})`, reads: inner.reads }
}

export const column = <const Column extends string>(name: Column): Expression<Column> => ({
  text: identifier(name),
  reads: [name],
})

export const mean = <const Column extends string>(of: Column): Expression<Column> => call('mean', of)
export const sum = <const Column extends string>(of: Column): Expression<Column> => call('sum', of)
export const min = <const Column extends string>(of: Column): Expression<Column> => call('min', of)
export const max = <const Column extends string>(of: Column): Expression<Column> => call('max', of)
export const last = <const Column extends string>(of: Column): Expression<Column> => call('last', of)
export const count = <const Column extends string>(of: Column): Expression<Column> => call('count', of)

/** The largest values, together with tags that say whose they are. */
export const top = <const Column extends string>(of: Column, limit: number): Expression<Column> =>
  call('top', of, String(limit))

/** How much a figure that only grows has grown, for each `per`; a restart from zero is left out. */
export const growth = <const Column extends string>(
  of: Column | Expression<Column>,
  per: Duration,
): Expression<Column> => call('non_negative_derivative', of, durationText(per))

/** Always a float: of two whole numbers InfluxQL may give a whole number, and a share would be 0. */
const numberText = (number: number): string => (Number.isInteger(number) ? `${number}.0` : String(number))

const operation =
  (sign: '-' | '*' | '/') =>
  <const Left extends string, const Right extends string = never>(
    left: Expression<Left>,
    right: Expression<Right> | number,
  ): Expression<Left | Right> => ({
    text: `(${left.text} ${sign} ${typeof right === 'number' ? numberText(right) : right.text})`,
    reads: typeof right === 'number' ? left.reads : [...left.reads, ...right.reads],
  })

export const minus = operation('-')
export const times = operation('*')
export const per = operation('/')

/** How much a bucket differs from the one before. */
export const change = <const Column extends string>(of: Expression<Column>): Expression<Column> =>
  call('difference', of)

/** The same with the other sign. */
export const negative = <const Column extends string>({ text, reads }: Expression<Column>): Expression<Column> => ({
  text: `(0.0 - ${text})`,
  reads,
})

/** How much a figure that only grows has grown from bucket to bucket; a restart from zero is left out. */
export const grown = <const Column extends string>(of: Expression<Column>): Expression<Column> =>
  call('non_negative_difference', of)
