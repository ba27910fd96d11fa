import { useMutation, useQueryClient } from '@tanstack/react-query'
import { App, Button, InputNumber, Popconfirm } from 'antd'
import { useState } from 'react'
import { call, type Schemas } from '../../api/client.ts'
import { answersAt } from '../../api/queries.ts'
import { useCityClock } from '../../live/city-clock.tsx'
import { useMay } from '../../session/session.ts'
import { useTexts } from '../../settings/settings.tsx'

/** A working week to object. */
const objectionDaysUsual = 7
const dayMs = 86_400_000

/** From draft to objections to publication, for those who may. */
export function StateActions({ list }: { readonly list: Schemas['RankingList'] }) {
  const texts = useTexts()
  const cache = useQueryClient()
  const { message } = App.useApp()
  const { now } = useCityClock()
  const [days, setDays] = useState(objectionDaysUsual)
  const params = { id: list.id }
  const moving = useMutation({
    mutationFn: (step: 'objection-period' | 'publication') =>
      step === 'publication'
        ? call('POST /api/v1/rankings/{id}/publication', { params })
        : call('POST /api/v1/rankings/{id}/objection-period', {
            params,
            body: { until: Math.round(now() + days * dayMs) },
          }),
    onSuccess() {
      void message.success(texts.ranking.done)
      void cache.invalidateQueries(answersAt('/rankings'))
    },
    onError: (error) => void message.error(error.message),
  })
  if (!useMay('ranking.publish') || list.state === 'frozen') return null
  if (list.state === 'draft') {
    return (
      <>
        <InputNumber
          aria-label={texts.ranking.untilDays}
          min={1}
          max={60}
          value={days}
          onChange={(value) => setDays(value ?? objectionDaysUsual)}
          suffix={texts.ranking.untilDays}
        />
        <Button type="primary" loading={moving.isPending} onClick={() => moving.mutate('objection-period')}>
          {texts.ranking.openObjections}
        </Button>
      </>
    )
  }
  return (
    <Popconfirm
      title={texts.ranking.publish}
      description={texts.ranking.publishSure}
      placement="bottomRight"
      onConfirm={() => moving.mutate('publication')}
    >
      <Button type="primary" loading={moving.isPending}>
        {texts.ranking.publish}
      </Button>
    </Popconfirm>
  )
}
