import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import type { Signal } from '#domain/signal.ts'
import type { Answer as AnswerOf } from '../../api/client.ts'
import { listOf, queryOf } from '../../api/queries.ts'
import { DataTable } from '../../parts/data-table.tsx'
import { useName } from '../../parts/names.tsx'
import { Page, Panel } from '../../parts/page.tsx'
import { Answer, Empty } from '../../parts/states.tsx'
import { RuleBadge } from '../../parts/tier.tsx'
import { useTexts } from '../../settings/settings.tsx'
import { Ladder } from '../dwelling/ladder.tsx'
import { useFlagColumns } from '../flags/columns.tsx'
import { Measured } from './measured.tsx'
import { PlantFacts } from './plant-facts.tsx'
import { PlantHistory } from './plant-history.tsx'
import { plantRoute } from './route.ts'

export type Plant = AnswerOf<'GET /api/v1/plants/{kind}/{id}'>

/** Readings come without signals: what a plant measured last is asked for again after this. */
const readingsAgainMs = 15_000

export function PlantPage() {
  const texts = useTexts()
  const { kind, id } = plantRoute.useParams()
  const name = useName(kind, id)
  const concerns = (signal: Signal) => signal.subject === id
  const query = useQuery({
    ...queryOf('GET /api/v1/plants/{kind}/{id}', { params: { kind, id } }, { concerns }),
    refetchInterval: readingsAgainMs,
  })
  return (
    <Page
      title={name}
      above={query.data && <Ladder where={query.data.where} />}
      actions={
        <span className="badges">
          <span className="kind">{texts.kind[kind]}</span>
          {query.data?.flags.map(({ key, rule }) => (
            <RuleBadge key={key} rule={rule} />
          ))}
        </span>
      }
    >
      <Answer query={query}>
        {(plant) => (
          <>
            <div className="beside narrow">
              <PlantFacts plant={plant} />
              <Measured plant={plant} />
            </div>
            <PlantHistory plant={plant} />
            {kind === 'circuit' && <HomesWithFlags circuit={id} />}
            <PlantFlags plant={plant} />
          </>
        )}
      </Answer>
    </Page>
  )
}

function PlantFlags({ plant: { kind, id } }: { readonly plant: Plant }) {
  const { place } = useTexts()
  const flags = useInfiniteQuery(
    listOf(
      'GET /api/v1/flags',
      { query: { subjectKind: kind, subject: id, state: 'all' } },
      { concerns: ({ subject }) => subject === id },
    ),
  )
  const columns = useFlagColumns().filter(({ key }) => !['kind', 'subject', 'firm', 'target'].includes(key))
  return (
    <Panel title={place.flags}>
      <DataTable
        label={place.flags}
        columns={columns}
        query={flags}
        rowKey={({ key }) => key}
        empty={<Empty text={place.noOpenFlags} />}
      />
    </Panel>
  )
}

function HomesWithFlags({ circuit }: { readonly circuit: string }) {
  const { place } = useTexts()
  const flags = useInfiniteQuery(
    listOf('GET /api/v1/flags', { query: { circuit } }, { concerns: ({ payload }) => payload.circuit === circuit }),
  )
  const columns = useFlagColumns().filter(({ key }) => !['firm', 'clearedAt'].includes(key))
  return (
    <Panel title={place.coldHomes}>
      <DataTable
        label={place.coldHomes}
        columns={columns}
        query={flags}
        rowKey={({ key }) => key}
        empty={<Empty text={place.noOpenFlags} />}
      />
    </Panel>
  )
}
