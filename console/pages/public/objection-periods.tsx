import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Alert } from 'antd'
import type { Schemas } from '../../api/client.ts'
import { queryOf } from '../../api/queries.ts'
import { useFormats, useTexts } from '../../settings/settings.tsx'
import { useMethods } from '../rankings/method.ts'

export type ObjectionPeriod = Schemas['ObjectionPeriod']

/** The lists that residents may object to now. */
export const objectionPeriods = queryOf('GET /api/v1/public/objection-periods', {})

/** How a list is told from others: its territory and its days. */
export function useListName(): (list: ObjectionPeriod) => string {
  const texts = useTexts()
  const { day } = useFormats()
  const { territoryOf } = useMethods()
  return (list) => texts.public.listOf(territoryOf(list), texts.ranking.periodText(day(list.from), day(list.to)))
}

/** Says that a list is open to objections, and leads there. Nothing where none is. */
export function ObjectionNotice() {
  const texts = useTexts()
  const { shortDateTime } = useFormats()
  const nameOf = useListName()
  const { data } = useQuery(objectionPeriods)
  return data?.items.map((list) => (
    <Alert
      key={list.id}
      className="no-print"
      type="info"
      showIcon
      title={texts.public.openUntil(nameOf(list), shortDateTime(list.until))}
      action={
        <Link to="/public/objection" search={{ list: list.id }}>
          {texts.public.toObjection}
        </Link>
      }
    />
  ))
}
