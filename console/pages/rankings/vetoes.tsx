import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Button, Input, Modal } from 'antd'
import { type ReactNode, useState } from 'react'
import { call, type Schemas } from '../../api/client.ts'
import { answersAt, queryOf } from '../../api/queries.ts'
import { Panel } from '../../parts/page.tsx'
import { PlainTable } from '../../parts/plain-table.tsx'
import { ProblemNotice } from '../../parts/problem-notice.tsx'
import { Answer, Empty } from '../../parts/states.tsx'
import { useTexts } from '../../settings/settings.tsx'
import { useMethods } from './method.ts'

type Veto = Schemas['RankingVeto']

interface VetoesProps {
  readonly list: Schemas['RankingList']
  readonly firms: readonly Schemas['RankedFirm'][]
}

/** Vetoes that were brought for the period of a list; one takes effect when the regulator confirms it. */
export function Vetoes({ list, firms }: VetoesProps) {
  const texts = useTexts()
  const { find, vetoName, firmOf } = useMethods()
  const nameOf = vetoName(find(list.method, list.methodVersion))
  const [confirming, setConfirming] = useState<Veto>()
  const query = useQuery(queryOf('GET /api/v1/ranking-vetoes', { query: { from: list.from, to: list.to } }))
  const ofList = (vetoes: readonly Veto[]) => vetoes.filter((veto) => firms.some(({ firm }) => firm === veto.firm))
  const standing = (veto: Veto): ReactNode => {
    if (veto.document !== undefined) return texts.ranking.confirmed(veto.document)
    if (list.state === 'frozen') return texts.ranking.vetoWaiting
    return (
      <Button key={veto.id} size="small" onClick={() => setConfirming(veto)}>
        {texts.ranking.confirmVeto}
      </Button>
    )
  }
  return (
    <Panel title={texts.ranking.vetoes}>
      <Answer
        query={query}
        isEmpty={({ items }) => ofList(items).length === 0}
        empty={<Empty text={texts.ranking.noVetoes} />}
      >
        {({ items }) => (
          <PlainTable
            label={texts.ranking.vetoes}
            columns={[
              texts.ranking.firm,
              texts.ranking.vetoKind,
              texts.ranking.standing,
              texts.ranking.objectEvidence,
              texts.ranking.state,
            ]}
            rows={ofList(items).map((veto) => [
              firmOf(firms.find(({ firm }) => firm === veto.firm) ?? veto),
              nameOf(veto.kind),
              texts.ranking[veto.state],
              veto.evidence,
              standing(veto),
            ])}
          />
        )}
      </Answer>
      {confirming && <ConfirmVeto veto={confirming} onClose={() => setConfirming(undefined)} />}
    </Panel>
  )
}

function ConfirmVeto({ veto, onClose }: { readonly veto: Veto; onClose(): void }) {
  const texts = useTexts()
  const cache = useQueryClient()
  const [document, setDocument] = useState('')
  const confirming = useMutation({
    mutationFn: () =>
      call('POST /api/v1/ranking-vetoes/{id}/confirmation', {
        params: { id: veto.id },
        body: { document: document.trim() },
      }),
    onSuccess() {
      void cache.invalidateQueries(answersAt('/ranking'))
      onClose()
    },
  })
  return (
    <Modal
      open
      title={texts.ranking.confirmVeto}
      onCancel={onClose}
      onOk={() => confirming.mutate()}
      okButtonProps={{ disabled: document.trim() === '' }}
      confirmLoading={confirming.isPending}
    >
      <p>{veto.evidence}</p>
      <Input
        aria-label={texts.ranking.documentNumber}
        placeholder={texts.ranking.documentNumber}
        value={document}
        onChange={(event) => setDocument(event.target.value)}
      />
      {confirming.error && <ProblemNotice error={confirming.error} />}
    </Modal>
  )
}
