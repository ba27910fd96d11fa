import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { type Answer as AnswerOf, addressOf } from '../../api/client.ts'
import { listOf, queryOf } from '../../api/queries.ts'
import { Choice } from '../../parts/filters.tsx'
import { Facts, Panel } from '../../parts/page.tsx'
import { Answer, Empty } from '../../parts/states.tsx'
import { useFormats, useTexts } from '../../settings/settings.tsx'
import { Digest } from '../rankings/digest.tsx'
import { FirmsTable } from '../rankings/firms-table.tsx'
import { useMethods } from '../rankings/method.ts'
import { PublicFrame } from './frame.tsx'
import { ObjectionNotice } from './objection-periods.tsx'
import { publicRoute } from './route.ts'
import { WhoHeats } from './who-heats.tsx'

type Published = AnswerOf<'GET /api/v1/public/rankings/{id}'>

/** What anybody may know, without signing in: the published list, and whom to call. Nothing here is about a home. */
export function PublicPage() {
  const { public: texts } = useTexts()
  return (
    <PublicFrame title={texts.title} hint={texts.hint}>
      <ObjectionNotice />
      <PublishedLists />
      <WhoHeats />
    </PublicFrame>
  )
}

function PublishedLists() {
  const texts = useTexts()
  const { day } = useFormats()
  const { list: chosen } = publicRoute.useSearch()
  const navigate = publicRoute.useNavigate()
  const { territoryOf } = useMethods()
  const query = useInfiniteQuery(listOf('GET /api/v1/public/rankings', {}))
  const lists = query.data?.pages.flatMap(({ items }) => items)
  const id = chosen ?? lists?.[0]?.id
  if (lists?.length === 0) return <Empty text={texts.public.empty} />
  return (
    <>
      {lists !== undefined && lists.length > 1 && (
        <div className="no-print">
          <Choice
            label={texts.public.choose}
            value={id}
            options={lists.map((list) => ({
              value: list.id,
              label: `${texts.ranking.periodText(day(list.from), day(list.to))} · ${territoryOf(list)}`,
            }))}
            onChange={(next) => void navigate({ search: next ? { list: next } : {} })}
          />
        </div>
      )}
      {id !== undefined && <PublishedList id={id} />}
    </>
  )
}

function PublishedList({ id }: { readonly id: string }) {
  const query = useQuery(queryOf('GET /api/v1/public/rankings/{id}', { params: { id } }))
  return <Answer query={query}>{(published) => <Shown published={published} />}</Answer>
}

function Shown({ published: { list, firms } }: { readonly published: Published }) {
  const texts = useTexts()
  const { day, dateTime, number } = useFormats()
  const { find, nameOf, territoryOf } = useMethods()
  const method = find(list.method, list.methodVersion)
  return (
    <Panel className="stack" title={texts.ranking.periodText(day(list.from), day(list.to))}>
      <FirmsTable label={texts.public.title} list={list} firms={firms} />
      <Facts
        facts={[
          { label: texts.ranking.territory, value: territoryOf(list) },
          {
            label: texts.ranking.method,
            value: texts.ranking.methodText(method ? nameOf(method.name) : list.method, number(list.methodVersion)),
          },
          {
            label: texts.ranking.published,
            value: list.publishedAt === undefined ? texts.app.none : dateTime(list.publishedAt),
          },
        ]}
      />
      {list.digest !== undefined && (
        <Digest
          digest={list.digest}
          recordAddress={addressOf('GET /api/v1/public/rankings/{id}/record', { params: { id: list.id } })}
        />
      )}
    </Panel>
  )
}
