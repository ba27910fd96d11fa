import type { Said } from '#domain/words.ts'

export { type Language, languages, type Said } from '#domain/words.ts'

/** What a panel is called, and what it answers. */
export interface PanelTexts {
  readonly title: Said
  readonly description: Said
}
