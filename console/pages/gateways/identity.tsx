import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Button, Popconfirm, Typography } from 'antd'
import { useState } from 'react'
import { type Answer, call } from '../../api/client.ts'
import { answersAt } from '../../api/queries.ts'
import { Facts, Panel } from '../../parts/page.tsx'
import { ProblemNotice } from '../../parts/problem-notice.tsx'
import { ShownOnce } from '../../parts/shown-once.tsx'
import { useMay } from '../../session/session.ts'
import { useFormats, useTexts } from '../../settings/settings.tsx'

type Gateway = Answer<'GET /api/v1/gateways/{id}'>

/** As long as it takes to drive to a cellar and back. */
const overlapHours = 24

/** The secrets with which a gateway may connect, and who may change them. */
export function GatewayIdentity({ gateway: { id, identity } }: { readonly gateway: Gateway }) {
  const texts = useTexts()
  const { dateTime } = useFormats()
  const mayChange = useMay('gateway.write')
  const valid = identity && identity.revokedAt === undefined ? identity : undefined
  const secrets = valid?.secrets.map(
    ({ createdAt, validUntil }) =>
      texts.gateway.secretFrom(dateTime(createdAt)) +
      (validUntil === undefined ? '' : texts.gateway.secretUntil(dateTime(validUntil))),
  )
  return (
    <Panel title={texts.gateway.identity} extra={mayChange && <IdentityActions id={id} exists={valid !== undefined} />}>
      <Facts
        facts={[
          { label: texts.gateway.secrets, value: secrets?.join('; ') || texts.gateway.noIdentity },
          { label: texts.gateway.mayPublish, value: valid?.publish.join(', ') || texts.app.none },
        ]}
      />
    </Panel>
  )
}

function IdentityActions({ id, exists }: { readonly id: string; readonly exists: boolean }) {
  const texts = useTexts()
  const cache = useQueryClient()
  const [secret, setSecret] = useState<string>()
  const changing = useMutation({
    mutationFn: async (change: 'create' | 'rotate' | 'revoke') => {
      if (change === 'create') return call('POST /api/v1/gateways/{id}/identity', { params: { id }, body: {} })
      if (change === 'rotate') {
        return call('POST /api/v1/gateways/{id}/identity/rotate', { params: { id }, body: { overlapHours } })
      }
      await call('DELETE /api/v1/gateways/{id}/identity', { params: { id } })
      return undefined
    },
    onSuccess(made) {
      setSecret(made?.secret)
      void cache.invalidateQueries(answersAt('/gateways'))
    },
  })
  return (
    <div className="page-actions">
      {exists ? (
        <>
          <Popconfirm
            title={texts.gateway.rotate}
            description={texts.gateway.rotateSure}
            onConfirm={() => changing.mutate('rotate')}
          >
            <Button loading={changing.isPending}>{texts.gateway.rotate}</Button>
          </Popconfirm>
          <Popconfirm
            title={texts.gateway.revoke}
            description={texts.gateway.revokeSure}
            onConfirm={() => changing.mutate('revoke')}
          >
            <Button danger loading={changing.isPending}>
              {texts.gateway.revoke}
            </Button>
          </Popconfirm>
        </>
      ) : (
        <Button type="primary" loading={changing.isPending} onClick={() => changing.mutate('create')}>
          {texts.gateway.createIdentity}
        </Button>
      )}
      {changing.error && <ProblemNotice error={changing.error} />}
      {secret !== undefined && (
        <ShownOnce title={texts.gateway.secretTitle} done={texts.gateway.copied} onClose={() => setSecret(undefined)}>
          <p>{texts.gateway.secretHint}</p>
          <Typography.Text code copyable className="secret">
            {secret}
          </Typography.Text>
        </ShownOnce>
      )}
    </div>
  )
}
