import type { ReactNode } from 'react'
import type { Schemas } from '../../api/client.ts'
import { PlainTable } from '../../parts/plain-table.tsx'
import { useFormats, useTexts } from '../../settings/settings.tsx'
import { useMethods } from './method.ts'
import { Marks, type Placed, Points, ScoreBar, Standing } from './standing.tsx'

interface FirmsTableProps {
  readonly label: string
  readonly list: Pick<Schemas['RankingList'], 'method' | 'methodVersion'>
  readonly firms: readonly Placed[]
  /** The name of a firm, or a link under it. */
  readonly nameOf?: (firm: Placed) => ReactNode
  /** What stands between the points and the marks. */
  readonly more?: readonly { readonly title: string; readonly cell: (firm: Placed) => ReactNode }[]
}

/** The firms of a list in their order. */
export function FirmsTable({ label, list, firms, nameOf, more = [] }: FirmsTableProps) {
  const { ranking, app } = useTexts()
  const { percent } = useFormats()
  const { find, vetoName, firmOf } = useMethods()
  const nameOfVeto = vetoName(find(list.method, list.methodVersion))
  return (
    <PlainTable
      label={label}
      columns={[
        ranking.rank,
        ranking.firm,
        ranking.standing,
        ranking.points,
        ranking.scaled,
        ranking.assessed,
        ...more.map(({ title }) => title),
        ranking.marks,
      ]}
      rows={firms.map((firm) => [
        firm.rank ?? app.none,
        <span key={firm.firm}>{nameOf ? nameOf(firm) : firmOf(firm)}</span>,
        <Standing key="standing" standing={firm.standing} />,
        <Points key="points" firm={firm} />,
        <ScoreBar key="scaled" firm={firm} />,
        percent(firm.assessedShare, 0),
        ...more.map(({ cell }) => cell(firm)),
        <Marks key="marks" firm={firm} nameOfVeto={nameOfVeto} />,
      ])}
    />
  )
}
