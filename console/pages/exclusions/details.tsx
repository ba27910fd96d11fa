import { useQueryClient } from '@tanstack/react-query'
import { Button, Modal } from 'antd'
import { call } from '../../api/client.ts'
import { answersAt } from '../../api/queries.ts'
import { Decide } from '../../parts/decide.tsx'
import { PlaceLink } from '../../parts/names.tsx'
import { Facts } from '../../parts/page.tsx'
import { useMay, useSession } from '../../session/session.ts'
import { useFormats, useTexts } from '../../settings/settings.tsx'
import type { Exclusion } from './page.tsx'

/** Whoever may confirm decides what somebody else proposed. */
export function useMayDecide(): (exclusion: Exclusion) => boolean {
  const { account } = useSession()
  const mayConfirm = useMay('ranking.confirm')
  return ({ state, proposedBy }) => mayConfirm && state === 'proposed' && proposedBy !== account.id
}

interface ExclusionProps {
  readonly exclusion: Exclusion
  onClose(): void
}

/** One exclusion with its evidence and what came of it, to decide for whoever may. */
export function ExclusionDetails({ exclusion, onClose }: ExclusionProps) {
  const { exclusion: texts, app } = useTexts()
  const cache = useQueryClient()
  const mayDecide = useMayDecide()
  if (!mayDecide(exclusion)) {
    return (
      <Modal open title={texts.title} onCancel={onClose} footer={<Button onClick={onClose}>{app.close}</Button>}>
        <About exclusion={exclusion} />
      </Modal>
    )
  }
  return (
    <Decide
      title={texts.title}
      reasons={texts.decision}
      refuse={texts.refuse}
      accept={texts.confirm}
      decide={async (confirmed, decision) => {
        await call('POST /api/v1/ranking-exclusions/{id}/decision', {
          params: { id: exclusion.id },
          body: { state: confirmed ? 'confirmed' : 'refused', decision },
        })
        // What is left out changes the scores of drafts, too.
        void cache.invalidateQueries(answersAt('/ranking'))
      }}
      onClose={onClose}
    >
      <About exclusion={exclusion} />
    </Decide>
  )
}

function About({ exclusion }: Pick<ExclusionProps, 'exclusion'>) {
  const { exclusion: texts, exclusionKind, exclusionState, kind: kinds, ranking } = useTexts()
  const { day, dateTime } = useFormats()
  const { account } = useSession()
  const mayConfirm = useMay('ranking.confirm')
  const { kind, placeKind, place, from, to, evidence, proposedBy, proposedAt, state } = exclusion
  const { decidedBy, decidedAt, decision } = exclusion
  const facts = [
    { label: kinds[placeKind], value: <PlaceLink kind={placeKind} id={place} /> },
    { label: texts.kind, value: exclusionKind[kind] },
    { label: texts.days, value: ranking.periodText(day(from), day(to)) },
    { label: texts.state, value: exclusionState[state] },
    { label: texts.by, value: texts.byWhom(proposedBy, dateTime(proposedAt)) },
    ...(decidedBy === undefined || decidedAt === undefined
      ? []
      : [{ label: texts.decided, value: texts.byWhom(decidedBy, dateTime(decidedAt)) }]),
  ]
  return (
    <div className="stack">
      <Facts facts={facts} />
      <Facts
        wide
        facts={[
          { label: texts.evidence, value: evidence },
          ...(decision === undefined ? [] : [{ label: texts.decision, value: decision }]),
        ]}
      />
      {state === 'proposed' && mayConfirm && proposedBy === account.id && <p className="hint">{texts.someoneElse}</p>}
    </div>
  )
}
