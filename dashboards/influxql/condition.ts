import { identifier, literal, regexText, variableInRegex } from './text.ts'

/** What rows must fulfil. */
export interface Condition<Tag extends string> {
  readonly text: string
  readonly reads: readonly Tag[]
}

/** The tag is one of what a variable of the dashboard holds: one value, several, or all. */
export const tagIsVariable = <Tag extends string>(tag: Tag, variable: string): Condition<Tag> => ({
  text: `${identifier(tag)} =~ /^${variableInRegex(variable)}$/`,
  reads: [tag],
})

export const tagIs = <Tag extends string>(tag: Tag, value: string): Condition<Tag> => ({
  text: `${identifier(tag)} = ${literal(value)}`,
  reads: [tag],
})

export const tagIsOneOf = <Tag extends string>(tag: Tag, values: readonly [string, ...string[]]): Condition<Tag> => ({
  text: `(${values.map((value) => `${identifier(tag)} = ${literal(value)}`).join(' OR ')})`,
  reads: [tag],
})

/** All of the one, or all of the other. */
export const either = <Name extends string>(
  one: readonly Condition<Name>[],
  other: readonly Condition<Name>[],
): Condition<Name> => ({
  text: `(${[one, other].map((conditions) => `(${conditions.map(({ text }) => text).join(' AND ')})`).join(' OR ')})`,
  reads: [...one, ...other].flatMap(({ reads }) => reads),
})

/** A field against a number. */
export const fieldIs = <Field extends string>(
  field: Field,
  compare: '>' | '>=' | '<' | '<=' | '=' | '!=',
  value: number,
): Condition<Field> => ({ text: `${identifier(field)} ${compare} ${value}`, reads: [field] })

export const tagBeginsWith = <Tag extends string>(tag: Tag, beginning: string): Condition<Tag> => ({
  text: `${identifier(tag)} =~ /^${regexText(beginning)}/`,
  reads: [tag],
})
