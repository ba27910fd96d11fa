import { createHash, timingSafeEqual } from 'node:crypto'
import type { PushScheme } from '#domain/push-source.ts'
import { signBody, webhookHeaders } from '../notify/signature.ts'

/** What a platform sent, as far as it shows who it is. */
export interface PushRequest {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly query: Readonly<Record<string, unknown>>
  readonly body: Buffer
}

/** Why a push is not believed, for the log and for whoever set the platform up. */
interface Disbelief {
  readonly ok: false
  readonly reason: string
}

interface Proven {
  readonly ok: true
  /** What is journaled: the body, or what the scheme wraps in it. */
  readonly payload: Buffer
  /** The same for the same push: one that comes again is known by it. Undefined where the scheme has nothing such. */
  readonly mark: string | undefined
}

/** Clocks of platforms are right; a signed push may wait this long on its way, and no replay works after it. */
export const signatureAgeMsMax = 300_000

/** Checks that whoever knows the secret sent this. `wallMs`: real time. */
export function provePush(
  scheme: PushScheme,
  secret: string,
  request: PushRequest,
  wallMs: number,
): Proven | Disbelief {
  if (scheme === 'hmac') return proveHmac(secret, request, wallMs)
  return scheme === 'onenet' ? proveOnenet(secret, request.body) : proveToken(secret, request)
}

function proveHmac(secret: string, { headers, body }: PushRequest, wallMs: number): Proven | Disbelief {
  const timestamp = textOf(headers[webhookHeaders.timestamp])
  const signature = textOf(headers[webhookHeaders.signature])
  if (!/^\d{1,12}$/.test(timestamp) || signature === '') {
    const names = `${webhookHeaders.timestamp} (epoch seconds) and ${webhookHeaders.signature}`
    return { ok: false, reason: `send the headers ${names}` }
  }
  if (!isSame(signature, signBody(secret, Number(timestamp), body))) {
    return { ok: false, reason: 'the signature is not that of this body with the secret of this source' }
  }
  if (Math.abs(wallMs - Number(timestamp) * 1_000) > signatureAgeMsMax) {
    return { ok: false, reason: `the timestamp is more than ${signatureAgeMsMax / 60_000} minutes off` }
  }
  return { ok: true, payload: body, mark: signature }
}

/**
 * OneNET: `{msg, nonce, signature}` (`msg_signature` of older products), where the signature is the Base64 MD5 of
 * token, nonce and msg. What is journaled is `msg`, whether it came as JSON or as text that holds JSON.
 */
function proveOnenet(token: string, body: Buffer): Proven | Disbelief {
  const parsed = parseObject(body)
  if (parsed === undefined) return { ok: false, reason: 'the body is not the JSON that OneNET sends' }
  const { msg, nonce } = parsed
  const signature = textOf(parsed.signature ?? parsed.msg_signature)
  if (msg === undefined || typeof nonce !== 'string' || signature === '') {
    return { ok: false, reason: 'the body has no msg, nonce and signature: choose plain messages in OneNET' }
  }
  const message = typeof msg === 'string' ? msg : JSON.stringify(msg)
  if (!isOnenetSignature(token, nonce, message, signature)) {
    return { ok: false, reason: 'the signature is not that of this msg with the token of this source' }
  }
  return { ok: true, payload: Buffer.from(message), mark: signature }
}

/** OneNET asks by GET whether an address is the one that was meant: whoever knows the token answers `msg`. */
export function answerOnenet(token: string, query: PushRequest['query']): string | undefined {
  const [message, nonce, signature] = [query.msg, query.nonce, query.signature].map(textOf)
  if (!message || !nonce || !signature) return undefined
  // A plus sign of Base64 that nobody escaped arrives as a blank.
  return isOnenetSignature(token, nonce, message, signature.replaceAll(' ', '+')) ? message : undefined
}

function isOnenetSignature(token: string, nonce: string, message: string, signature: string): boolean {
  return isSame(signature, createHash('md5').update(`${token}${nonce}${message}`).digest('base64'))
}

function proveToken(secret: string, { headers, query, body }: PushRequest): Proven | Disbelief {
  const shown = /^Bearer (\S+)$/i.exec(textOf(headers.authorization))?.[1] ?? textOf(query.token)
  if (shown !== '' && isSame(shown, secret)) return { ok: true, payload: body, mark: undefined }
  return { ok: false, reason: 'send the secret of this source as a bearer token, or as ?token=' }
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')

/** Compares in a time that says nothing of where they differ. */
function isSame(given: string, right: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(given), digest(right))
}

function parseObject(body: Buffer): Record<string, unknown> | undefined {
  try {
    const parsed: unknown = JSON.parse(body.toString())
    return typeof parsed === 'object' && parsed !== null ? (parsed as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}
