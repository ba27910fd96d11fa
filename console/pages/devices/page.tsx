import { useInfiniteQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Button } from 'antd'
import { useState } from 'react'
import { type Item, listOf } from '../../api/queries.ts'
import { type Column, DataTable } from '../../parts/data-table.tsx'
import { Page } from '../../parts/page.tsx'
import { Empty } from '../../parts/states.tsx'
import { useMay } from '../../session/session.ts'
import { useFormats, useTexts } from '../../settings/settings.tsx'
import { ClaimDevice } from './claim.tsx'

type Device = Item<'GET /api/v1/unassigned-devices'>

/** Devices that report without being registered, and the way to say where they hang. */
export function UnassignedDevicesPage() {
  const texts = useTexts()
  const { dateTime } = useFormats()
  const mayClaim = useMay('registry.write')
  const [claiming, setClaiming] = useState<string>()
  const query = useInfiniteQuery(listOf('GET /api/v1/unassigned-devices', {}))
  const columns: Column<Device>[] = [
    { key: 'device', title: texts.device.device, cell: ({ device }) => device },
    {
      key: 'gateway',
      title: texts.device.gateway,
      cell: ({ gateway }) => (
        <Link to="/gateways/$id" params={{ id: gateway }}>
          {gateway}
        </Link>
      ),
    },
    { key: 'first', title: texts.device.firstReading, cell: ({ firstReadingAt }) => dateTime(firstReadingAt) },
  ]
  if (mayClaim) {
    columns.push({
      key: 'claim',
      title: texts.device.action,
      width: '8rem',
      cell: ({ device }) => (
        <Button size="small" onClick={() => setClaiming(device)}>
          {texts.device.claim}
        </Button>
      ),
    })
  }
  return (
    <Page title={texts.device.title}>
      <p className="hint">{texts.device.hint}</p>
      <DataTable
        label={texts.device.title}
        columns={columns}
        query={query}
        rowKey={({ device }) => device}
        empty={<Empty text={texts.device.empty} />}
      />
      {claiming !== undefined && <ClaimDevice device={claiming} onClose={() => setClaiming(undefined)} />}
    </Page>
  )
}
