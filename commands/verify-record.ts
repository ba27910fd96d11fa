import { z } from 'zod'
import { findMethod } from '#domain/ranking-methods/index.ts'
import { type ListRecord, listRecordSchema } from '#domain/ranking-record.ts'
import { canonicalJson } from '#store/ledger/digest.ts'
import { dayText } from '#store/ledger/dwelling-days.ts'
import { verifyRecord } from '#store/ledger/ranking-record.ts'
import { defineCommand, exitCode } from './command.ts'
import { readJsonFile } from './json-file.ts'
import { type KeptSeal, readSeals, sealsOption } from './kept-seals.ts'
import type { Option } from './options.ts'

export const verifyRecordCommand = defineCommand({
  name: 'verify-record',
  usage: 'FILE',
  summary: 'Computes a published ranking again from its record, without any store',
  positionalsMax: 1,
  options: {
    digest: {
      env: 'WARMCITY_DIGEST',
      schema: z.string().regex(/^[0-9a-f]{64}$/, 'give 64 hexadecimal digits'),
      placeholder: 'HEX',
      help: 'digest of the list as it was published elsewhere; the record must have the same',
    } satisfies Option<string>,
    seals: sealsOption,
  },
  async run({ digest, seals }, [file]) {
    if (file === undefined) {
      console.error('warmcity verify-record: name the file, as /api/v1/public/rankings/ID/record gives it')
      return exitCode.usage
    }
    const record = readJsonFile(file, 'the record of a list', listRecordSchema)
    const { period, method, publishedAt } = record
    console.log(
      `${period.territory}, ${dayText(period.fromDay)} to ${dayText(period.toDay)}, by ${method.id} ${method.version}, published ${new Date(publishedAt).toISOString()}`,
    )
    const checks = [
      ...ownChecks(record),
      ...(digest === undefined
        ? []
        : [{ holds: digest === record.digest, text: 'it is the digest that was published' }]),
      ...(seals === undefined ? [] : [sealsCheck(record, readSeals(seals))]),
    ]
    for (const { holds, text } of checks) console.log(`${holds ? 'yes' : 'NO '}  ${text}`)
    return checks.every(({ holds }) => holds) ? exitCode.ok : exitCode.failed
  },
})

interface Check {
  readonly holds: boolean
  readonly text: string
}

/** What a record says by itself. */
function ownChecks(record: ListRecord): Check[] {
  const { digestFollows, rootFollows, inputsChanged, scoresWrong, hidden } = verifyRecord(record)
  const { method } = record
  const known = findMethod(method.id, method.version)
  const firms = Object.keys(record.firms).length
  const named = (wrong: readonly string[]) => (wrong.length === 0 ? '' : `; not so: ${wrong.join(', ')}`)
  const untold =
    hidden.length === 0 ? '' : ` (figures of fewer than ten homes are not in the record: ${hidden.join(', ')})`
  return [
    {
      holds: known === undefined || canonicalJson(known) === canonicalJson(method),
      text: known
        ? 'the method is the one that this program knows by its name'
        : 'this program has no method of the name',
    },
    { holds: rootFollows, text: `the roots of ${record.days.length} days make the root ${record.root}` },
    {
      holds: inputsChanged.length === 0,
      text: `the inputs of ${firms - hidden.length} firms of ${firms} have their hashes${untold}${named(inputsChanged)}`,
    },
    {
      holds: scoresWrong.length === 0,
      text: `their scores and places follow from the inputs by the method${named(scoresWrong)}`,
    },
    { holds: digestFollows, text: `these hashes and the rest of the record make the digest ${record.digest}` },
  ]
}

/** Whether the days of a record have the roots that somebody kept. */
function sealsCheck({ days }: ListRecord, seals: readonly KeptSeal[]): Check {
  const kept = new Map(seals.map(({ date, root }) => [date, root]))
  const common = days.map(({ day, root }) => ({ date: dayText(day), root })).filter(({ date }) => kept.has(date))
  const wrong = common.filter(({ date, root }) => kept.get(date) !== root).map(({ date }) => date)
  const told = wrong.length === 0 ? '' : `; not so: ${wrong.join(', ')}`
  return {
    holds: common.length > 0 && wrong.length === 0,
    text: `${common.length} of ${days.length} days have a seal that was kept, and the same root${told}`,
  }
}
