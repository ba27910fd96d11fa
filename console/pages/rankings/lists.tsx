import { PlusOutlined } from '@ant-design/icons'
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
import { DraftForm } from './draft-form.tsx'
import { useMethods } from './method.ts'
import { stateText } from './standing.tsx'

type List = Item<'GET /api/v1/rankings'>

/** All lists: drafts, those that are open to objections, and the published ones. */
export function RankingsPage() {
  const texts = useTexts()
  const { day, dateTime, number } = useFormats()
  const { find, nameOf, territoryOf } = useMethods()
  const mayDraft = useMay('ranking.publish')
  const [drafting, setDrafting] = useState(false)
  const query = useInfiniteQuery(listOf('GET /api/v1/rankings', {}))
  const columns: Column<List>[] = [
    {
      key: 'period',
      title: texts.ranking.period,
      width: 'minmax(14rem, 1.5fr)',
      cell: ({ id, from, to }) => (
        <Link to="/rankings/$id" params={{ id }}>
          {texts.ranking.periodText(day(from), day(to))}
        </Link>
      ),
    },
    { key: 'territory', title: texts.ranking.territory, cell: territoryOf },
    { key: 'state', title: texts.ranking.state, cell: ({ state }) => stateText(state, texts) },
    {
      key: 'method',
      title: texts.ranking.method,
      width: 'minmax(12rem, 1.5fr)',
      cell({ method: id, methodVersion }) {
        const method = find(id, methodVersion)
        return texts.ranking.methodText(method ? nameOf(method.name) : id, number(methodVersion))
      },
    },
    { key: 'drafted', title: texts.ranking.drafted, cell: ({ draftedAt }) => dateTime(draftedAt) },
    {
      key: 'published',
      title: texts.ranking.published,
      cell: ({ publishedAt }) => (publishedAt === undefined ? texts.app.none : dateTime(publishedAt)),
    },
  ]
  return (
    <Page
      title={texts.ranking.title}
      actions={
        <>
          <Link to="/public">{texts.navigation.publicList}</Link>
          {mayDraft && (
            <Button type="primary" icon={<PlusOutlined />} onClick={() => setDrafting(true)}>
              {texts.ranking.draft}
            </Button>
          )}
        </>
      }
    >
      <p className="hint">{texts.ranking.hint}</p>
      <DataTable
        label={texts.ranking.title}
        columns={columns}
        query={query}
        rowKey={({ id }) => id}
        empty={<Empty text={texts.ranking.empty} />}
      />
      {drafting && <DraftForm onClose={() => setDrafting(false)} />}
    </Page>
  )
}
