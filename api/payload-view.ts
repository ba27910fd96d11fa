/** What a page can show; an export has all of it. */
const payloadBytesShownMax = 64 * 1024

/** Bytes that a stranger sent, in forms that cannot do anything to whoever looks at them. */
export interface PayloadView {
  readonly payloadBase64: string
  /** Absent where the bytes are not UTF-8. */
  readonly payloadText?: string
  readonly payloadCut: boolean
}

export function payloadView(payload: Uint8Array): PayloadView {
  const bytes = payload.subarray(0, payloadBytesShownMax)
  const payloadCut = bytes.byteLength < payload.byteLength
  const text = textOf(bytes, payloadCut)
  const payloadBase64 = Buffer.from(bytes).toString('base64')
  return { payloadBase64, ...(text !== undefined && { payloadText: withPictures(text) }), payloadCut }
}

function textOf(bytes: Uint8Array, cut: boolean): string | undefined {
  try {
    // As a stream, a character that was cut in two at the end is left out rather than taken for a mistake.
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes, { stream: cut })
  } catch {
    return undefined
  }
}

/** Unicode has a picture of each control character, in the same order. */
const controlPictures = 0x2400
const shownAsTheyAre = new Set(['\n', '\r', '\t'])

/** Makes control characters visible, and those that turn the direction of text or join it. */
function withPictures(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}]/gu, (character) => {
    if (shownAsTheyAre.has(character)) return character
    const code = character.codePointAt(0) ?? 0
    return code < 0x20 ? String.fromCodePoint(controlPictures + code) : '\u{fffd}'
  })
}
