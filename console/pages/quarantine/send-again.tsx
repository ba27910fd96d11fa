import { useMutation, useQueryClient } from '@tanstack/react-query'
import { App, Button } from 'antd'
import { call } from '../../api/client.ts'
import { answersAt } from '../../api/queries.ts'
import { useMay } from '../../session/session.ts'
import { useFormats, useTexts } from '../../settings/settings.tsx'

/** What the service takes in one request. */
const idsMax = 1_000

interface SendAgainProps {
  readonly ids: readonly number[]
  readonly text: string
  readonly primary?: boolean
}

/** Has deliveries read once more, as they came. */
export function SendAgain({ ids, text, primary = false }: SendAgainProps) {
  const texts = useTexts()
  const { number } = useFormats()
  const cache = useQueryClient()
  const { message } = App.useApp()
  const sending = useMutation({
    mutationFn: () => call('POST /api/v1/quarantine/replay', { body: { ids: ids.slice(0, idsMax) } }),
    onSuccess({ requested }) {
      void message.success(texts.quarantine.sent(number(requested.length)))
      void cache.invalidateQueries(answersAt('/quarantine'))
    },
    onError: (error) => void message.error(error.message),
  })
  if (!useMay('quarantine.replay')) return null
  return (
    <Button
      type={primary ? 'primary' : 'default'}
      size={primary ? 'middle' : 'small'}
      disabled={ids.length === 0}
      loading={sending.isPending}
      onClick={() => sending.mutate()}
    >
      {text}
    </Button>
  )
}
