import {
  CheckCircleFilled,
  ClockCircleOutlined,
  CloseCircleFilled,
  ExclamationCircleFilled,
  QuestionCircleOutlined,
} from '@ant-design/icons'
import type { ReactNode } from 'react'
import type { Schemas } from '../../api/client.ts'
import { useFormats, useTexts } from '../../settings/settings.tsx'
import type { Texts } from '../../text/catalogue.ts'
import './rankings.css'

/** A firm in a list; figures over too few homes are left out for those who may not see homes. */
export type Placed = Schemas['RankedFirm']
type ListState = Schemas['RankingList']['state']

const icons: Readonly<Record<Placed['standing'], ReactNode>> = {
  red: <CheckCircleFilled aria-hidden />,
  yellow: <ExclamationCircleFilled aria-hidden />,
  black: <CloseCircleFilled aria-hidden />,
  interim: <ClockCircleOutlined aria-hidden />,
  noData: <QuestionCircleOutlined aria-hidden />,
}

/** Red is the list of the good firms here, black that of the bad: the words and the shapes say so, not the colours. */
export function Standing({ standing }: Pick<Placed, 'standing'>) {
  const { standing: words } = useTexts()
  return (
    <span className="standing" data-standing={standing}>
      {icons[standing]} {words[standing]}
    </span>
  )
}

export const stateText = (state: ListState, { ranking }: Texts): string =>
  ({ draft: ranking.stateDraft, objection: ranking.stateObjection, frozen: ranking.stateFrozen })[state]

/** What is said beside a firm's points: why they are provisional, and confirmed vetoes. */
export function Marks({ firm, nameOfVeto }: { readonly firm: Placed; nameOfVeto(kind: string): string }) {
  const { ranking } = useTexts()
  const marks = firm.provisional.map((reason) => ranking[reason])
  for (const { kind, state, document } of firm.vetoes) {
    if (state !== 'proven') continue
    const name = nameOfVeto(kind)
    marks.push(document === undefined ? ranking.vetoProven(name) : ranking.vetoDocument(name, document))
  }
  if (firm.score === undefined) marks.push(ranking.fewForPublic)
  return <span className="marks">{marks.join('; ')}</span>
}

/** The scaled points with their interval, drawn on the scale of the method. */
export function ScoreBar({ firm }: { readonly firm: Placed }) {
  const { ranking } = useTexts()
  const { number } = useFormats()
  const { scaled, interval, totalPoints } = firm
  if (scaled === undefined || interval === undefined) return null
  const [low = scaled, high = scaled] = interval
  const at = (points: number) => `${Math.min(100, Math.max(0, (100 * points) / totalPoints))}%`
  const text = ranking.intervalText(number(low, 1), number(high, 1))
  return (
    <span className="score-bar" title={text}>
      <span className="score-value">{number(scaled, 1)}</span>
      <svg role="img" aria-label={`${ranking.interval}: ${text}`}>
        <line className="scale" x1="0" x2="100%" y1="50%" y2="50%" />
        <line className="range" x1={at(low)} x2={at(high)} y1="50%" y2="50%" />
        <circle cx={at(scaled)} cy="50%" r="4" />
      </svg>
    </span>
  )
}

/** Points of those assessed, where they may be told. */
export function Points({ firm: { score, assessedPoints } }: { readonly firm: Placed }) {
  const { ranking, app } = useTexts()
  const { number } = useFormats()
  return score === undefined ? app.none : ranking.pointsOf(number(score, 1), number(assessedPoints))
}
