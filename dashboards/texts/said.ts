export const languages = ['zh', 'en'] as const
export type Language = (typeof languages)[number]

/** A text in every language, side by side, so that a change of one shows the other. */
export type Said = Readonly<Record<Language, string>>

/** What a panel is called, and what it answers. */
export interface PanelTexts {
  readonly title: Said
  readonly description: Said
}
