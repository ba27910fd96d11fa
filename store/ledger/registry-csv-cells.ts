/**
 * A spreadsheet runs a cell that begins with one of these as a formula, so that a name typed into the registry could
 * read another sheet of whoever opens the export. The wide forms count too: spreadsheets in Chinese accept them.
 */
const formula = /^'*[=+\-@\t\r\n＝＋－＠]/
const guardedFormula = /^'+[=+\-@\t\r\n＝＋－＠]/

/** A text cell that no spreadsheet takes for a formula: an apostrophe goes before it. */
export const guarded = (text: string) => (formula.test(text) ? `'${text}` : text)

/** The text as it was before it was guarded. */
export const unguarded = (text: string) => (guardedFormula.test(text) ? text.slice(1) : text)
