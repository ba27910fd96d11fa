import { useQuery } from '@tanstack/react-query'
import type { Signal } from '#domain/signal.ts'
import type { Answer as AnswerOf } from '../../api/client.ts'
import { queryOf } from '../../api/queries.ts'
import { useName } from '../../parts/names.tsx'
import { Page } from '../../parts/page.tsx'
import { Answer } from '../../parts/states.tsx'
import { RuleBadge } from '../../parts/tier.tsx'
import { useTexts } from '../../settings/settings.tsx'
import { Ladder } from '../dwelling/ladder.tsx'
import { FlagsPanel } from '../flags/panel.tsx'
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
            {kind === 'circuit' && (
              <FlagsPanel
                title={texts.place.coldHomes}
                wanted={{ circuit: id }}
                concerns={({ payload }) => payload.circuit === id}
                without={['firm', 'clearedAt']}
              />
            )}
            <FlagsPanel
              title={texts.place.flags}
              wanted={{ subjectKind: kind, subject: id, state: 'all' }}
              concerns={({ subject }) => subject === id}
              without={['kind', 'subject', 'firm', 'target']}
            />
          </>
        )}
      </Answer>
    </Page>
  )
}
