import { readFileSync } from 'node:fs'

/** One instruction of a Dockerfile, like `COPY` with everything that follows it. */
export interface Instruction {
  readonly name: string
  readonly text: string
}

export interface Stage {
  readonly name: string
  /** An image, or the name of a stage before. */
  readonly from: string
  readonly instructions: readonly Instruction[]
}

/** The stages of a Dockerfile that keeps to one line an instruction, in order. */
export function readStages(path: string): Stage[] {
  const stages: { name: string; from: string; instructions: Instruction[] }[] = []
  for (const line of readFileSync(path, 'utf8').split('\n')) {
    if (line === '' || line.startsWith('#')) continue
    const [, name = '', text = ''] = /^([A-Z]+) (.+)$/.exec(line) ?? []
    if (name === 'FROM') {
      const [, from = '', stage = ''] = /^(\S+) AS (\S+)$/.exec(text) ?? []
      stages.push({ name: stage, from, instructions: [] })
      continue
    }
    if (name === '' || text.endsWith('\\')) throw new Error(`The Dockerfile has a line that is not understood: ${line}`)
    stages.at(-1)?.instructions.push({ name, text })
  }
  return stages
}

/** What a COPY copies, from where to where. */
export function copyOf({ text }: Instruction): {
  readonly stage?: string
  readonly sources: readonly string[]
  readonly target: string
} {
  const words = text.split(' ')
  const stage = words[0]?.startsWith('--from=') ? words.shift()?.slice('--from='.length) : undefined
  const target = words.pop() ?? ''
  if (words.some((word) => word.startsWith('-')) || words.length === 0)
    throw new Error(`COPY ${text} is not understood`)
  return { ...(stage !== undefined && { stage }), sources: words, target }
}

/** The list form of ENTRYPOINT and CMD. */
export const listOf = ({ text }: Instruction): string[] => JSON.parse(text)
