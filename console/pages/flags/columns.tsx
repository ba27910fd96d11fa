import type { Item } from '../../api/queries.ts'
import type { Column } from '../../parts/data-table.tsx'
import { Lasting } from '../../parts/lasting.tsx'
import { Name, PlaceLink } from '../../parts/names.tsx'
import { RuleBadge } from '../../parts/tier.tsx'
import { useFormats, useTexts } from '../../settings/settings.tsx'

type Flag = Item<'GET /api/v1/flags'>

/** What a list of flags shows of each. */
export function useFlagColumns(): readonly Column<Flag>[] {
  const { lists, kind, app } = useTexts()
  const { shortDateTime, temperature } = useFormats()
  return [
    { key: 'rule', title: lists.rule, width: 'minmax(11rem, 1fr)', cell: ({ rule }) => <RuleBadge rule={rule} /> },
    { key: 'kind', secondary: true, title: lists.kind, width: '6.5rem', cell: ({ subjectKind }) => kind[subjectKind] },
    {
      key: 'subject',
      title: lists.subject,
      width: 'minmax(15rem, 2fr)',
      cell: ({ subjectKind, subject }) => <PlaceLink kind={subjectKind} id={subject} />,
    },
    {
      key: 'value',
      title: lists.value,
      width: '6rem',
      align: 'end',
      cell: ({ value }) => (value === undefined ? app.none : temperature(value)),
    },
    {
      key: 'target',
      secondary: true,
      title: lists.target,
      width: '6rem',
      align: 'end',
      cell: ({ targetC }) => (targetC === undefined ? app.none : temperature(targetC)),
    },
    {
      key: 'firm',
      secondary: true,
      title: lists.firm,
      cell: ({ where }) => (where.firm === undefined ? app.none : <Name kind="firm" id={where.firm} />),
    },
    { key: 'raisedAt', title: lists.raisedAt, width: '8.5rem', cell: ({ raisedAt }) => shortDateTime(raisedAt) },
    {
      key: 'lasting',
      title: lists.duration,
      width: '6.5rem',
      align: 'end',
      cell: ({ since, clearedAt }) => <Lasting from={since} to={clearedAt} />,
    },
    {
      key: 'clearedAt',
      secondary: true,
      title: lists.clearedAt,
      width: '8.5rem',
      cell: ({ clearedAt }) => (clearedAt === undefined ? lists.open : shortDateTime(clearedAt)),
    },
  ]
}
