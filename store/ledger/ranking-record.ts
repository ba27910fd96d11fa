import { randomBytes } from 'node:crypto'
import { type FirmInput, type FirmScore, rankFirms } from '#domain/ranking.ts'
import type { FrozenInputs, ListRecord, RecordHead } from '#domain/ranking-record.ts'
import { canonicalJson, merkleRoot, sha256 } from './digest.ts'

export const newSalts = (inputs: readonly FirmInput[]): FrozenInputs['salts'] =>
  Object.fromEntries(inputs.map(({ firm }) => [firm, randomBytes(16).toString('hex')]))

/** One root over the roots of the sealed days. */
export const rootOfDays = (days: RecordHead['days']): string =>
  merkleRoot(days.map(({ day, root }) => `${day} ${root}`))

interface OpenFirm {
  readonly hash: string
  readonly salt: string
  readonly input: FirmInput
}

const hashOf = ({ salt, input }: Omit<OpenFirm, 'hash'>): string => sha256(`${salt} ${canonicalJson(input)}`)

/** The inputs as others may see them: what officers wrote about a veto may speak of a home, and stands as its hash. */
function openFirms(inputs: readonly FirmInput[], salts: FrozenInputs['salts']): Record<string, OpenFirm> {
  const firms = inputs.map((input): [string, OpenFirm] => {
    const salt = salts[input.firm] ?? ''
    const vetoes = input.vetoes.map((veto) => ({ ...veto, evidence: sha256(`${salt} ${veto.evidence}`) }))
    const open = { salt, input: { ...input, vetoes } }
    return [input.firm, { hash: hashOf(open), ...open }]
  })
  return Object.fromEntries(firms)
}

/** Each firm is in the digest by a hash of its own: those who may not see every firm's figures can still follow it. */
function digestOf(head: RecordHead, firms: Readonly<Record<string, Pick<OpenFirm, 'hash'>>>): string {
  const hashes = Object.fromEntries(Object.entries(firms).map(([firm, { hash }]) => [firm, hash]))
  return sha256(canonicalJson({ ...head, firms: hashes }))
}

/** The digest of what a list was frozen from. */
export function frozenDigest({ inputs, salts, ...head }: FrozenInputs): string {
  return digestOf(head, openFirms(inputs, salts))
}

/** The record of a list for somebody from whom some firms are hidden. */
export function listRecord(
  { inputs, salts, ...head }: FrozenInputs,
  scores: readonly FirmScore[],
  hidden: ReadonlySet<string>,
): ListRecord {
  const firms = openFirms(inputs, salts)
  const shown = Object.entries(firms).map(([firm, open]) => [firm, hidden.has(firm) ? { hash: open.hash } : open])
  return {
    ...head,
    digest: digestOf(head, firms),
    firms: Object.fromEntries(shown),
    scores: scores.filter(({ firm }) => !hidden.has(firm)).map((score) => ({ ...score })),
  }
}

/** What a record says about itself. It holds where both are true, and nothing is changed or wrong. */
export interface RecordVerdict {
  readonly digestFollows: boolean
  readonly rootFollows: boolean
  /** Firms whose inputs are not those that went into the digest. */
  readonly inputsChanged: readonly string[]
  /** Firms whose score or place does not follow from the inputs. */
  readonly scoresWrong: readonly string[]
  /** Firms whose inputs are hidden: their hashes are in the digest, but their scores cannot be computed. */
  readonly hidden: readonly string[]
}

/** Checks a record by nothing but itself. */
export function verifyRecord({ digest, firms, scores, ...head }: ListRecord): RecordVerdict {
  const hidden: string[] = []
  const inputsChanged: string[] = []
  const inputs: FirmInput[] = []
  for (const [firm, { hash, salt, input }] of Object.entries(firms)) {
    if (salt === undefined || input === undefined) {
      hidden.push(firm)
      continue
    }
    if (input.firm !== firm || hashOf({ salt, input }) !== hash) inputsChanged.push(firm)
    inputs.push(input)
  }
  const computed = rankFirms(head.method, inputs, head.daysInPeriod)
  return {
    digestFollows: digest === digestOf(head, firms),
    rootFollows: head.root === rootOfDays(head.days),
    inputsChanged,
    scoresWrong: hidden.length === 0 ? differing(scores, computed) : differing(closedUp(scores), closedUp(computed)),
    hidden,
  }
}

interface Ranked {
  readonly firm: string
  readonly rank?: number | undefined
}

/** Firms of either list that are not alike in both. */
function differing(told: readonly Ranked[], computed: readonly Ranked[]): string[] {
  const textsOf = (scores: readonly Ranked[]) => new Map(scores.map((score) => [score.firm, canonicalJson(score)]))
  const [left, right] = [textsOf(told), textsOf(computed)]
  return [...new Set([...left.keys(), ...right.keys()])].filter((firm) => left.get(firm) !== right.get(firm))
}

/** With places counted among these firms alone, since hidden ones may stand between them. */
function closedUp(scores: readonly Ranked[]): Ranked[] {
  const ranks = [...new Set(scores.map(({ rank }) => rank ?? 0))].sort((left, right) => left - right)
  return scores.map((score) => ({ ...score, rank: ranks.indexOf(score.rank ?? 0) }))
}
