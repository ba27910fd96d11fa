import type { Language, Said } from '#domain/words.ts'

/** What is said: a text, or a function that puts formatted values into one. */
type Phrase = string | ((...given: never[]) => string)

/** The texts of one area in one language. */
export type Spoken<T> = { readonly [Key in keyof T]: T[Key] extends { readonly zh: infer P } ? Widened<P> : never }
type Widened<P> = P extends string ? string : P

/** Texts of one area by key; the functions of a key take the same in both languages. */
export const defineTexts = <T extends Readonly<Record<string, Said<Phrase>>>>(texts: T): T => texts

/** The texts of one area as one language says them. */
export function spokenIn<T extends Readonly<Record<string, Said<Phrase>>>>(texts: T, language: Language): Spoken<T> {
  const entries = Object.entries(texts).map(([key, said]) => [key, said[language]])
  return Object.fromEntries(entries) as Spoken<T>
}
