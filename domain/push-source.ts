/**
 * A platform that pushes over HTTP what its devices say: how it shows who it is. `hmac` signs time and body as our own
 * webhooks do, `onenet` is the scheme of OneNET, `token` shows a secret as it is, for platforms that can do no more.
 */
export const pushSchemes = ['hmac', 'onenet', 'token'] as const
export type PushScheme = (typeof pushSchemes)[number]

export interface PushSource {
  readonly id: string
  /** The registry's gateway in whose name it speaks. */
  readonly gateway: string
  readonly scheme: PushScheme
  /** Networks that it may push from (CIDR); from anywhere where there are none. */
  readonly networks: readonly string[]
}

/** What the codecs take; a platform pushes a message of one device, or some hundred in a list. */
export const pushBytesMax = 262_144

/** Carriers and products; each push looks one up. */
export const pushSourcesMax = 500

/** The topic under which its pushes are journaled: what `foreign_topic` maps. */
export const pushTopic = (source: string): string => `push/${source}`
