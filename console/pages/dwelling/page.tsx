import { useQuery } from '@tanstack/react-query'
import type { Signal } from '#domain/signal.ts'
import type { Answer as AnswerOf } from '../../api/client.ts'
import { queryOf } from '../../api/queries.ts'
import { Name, PlaceLink, useName } from '../../parts/names.tsx'
import { Facts, Page, Panel } from '../../parts/page.tsx'
import { Answer } from '../../parts/states.tsx'
import { useFormats, useTexts } from '../../settings/settings.tsx'
import { FlagsPanel } from '../flags/panel.tsx'
import { DwellingHistory } from './dwelling-history.tsx'
import { Ladder } from './ladder.tsx'
import { Now } from './now.tsx'
import { dwellingRoute } from './route.ts'
import { SeasonCalendar } from './season-calendar.tsx'

export type Dwelling = AnswerOf<'GET /api/v1/dwellings/{id}'>

/** Readings come without signals: what a home measured last is asked for again after this. */
const readingsAgainMs = 15_000

export function DwellingPage() {
  const { id } = dwellingRoute.useParams()
  const name = useName('dwelling', id)
  const concerns = ({ subject }: Signal) => subject === id
  const query = useQuery({
    ...queryOf('GET /api/v1/dwellings/{id}', { params: { id } }, { concerns }),
    refetchInterval: readingsAgainMs,
  })
  return (
    <Page title={name} above={query.data && <Ladder where={query.data.where} />}>
      <Answer query={query}>{(dwelling) => <DwellingContent dwelling={dwelling} />}</Answer>
    </Page>
  )
}

function DwellingContent({ dwelling }: { readonly dwelling: Dwelling }) {
  const texts = useTexts()
  const { id } = dwelling.dwelling
  return (
    <>
      <div className="beside">
        <Now dwelling={dwelling} />
        <DwellingFacts dwelling={dwelling} />
      </div>
      <DwellingHistory dwelling={dwelling} />
      <Panel title={texts.place.calendar}>
        <SeasonCalendar id={id} />
      </Panel>
      <FlagsPanel
        title={texts.place.flags}
        wanted={{ subjectKind: 'dwelling', subject: id, state: 'all' }}
        concerns={({ subject }) => subject === id}
        without={['kind', 'subject', 'firm']}
      />
    </>
  )
}

function DwellingFacts({ dwelling: { building, period, where, devices } }: { readonly dwelling: Dwelling }) {
  const { place, position, contract, heating, app } = useTexts()
  const { quantity, number } = useFormats()
  return (
    <Panel title={place.facts}>
      <Facts
        facts={[
          { label: place.building, value: <PlaceLink kind="building" id={building.id} /> },
          { label: place.fedBy, value: period ? <PlaceLink kind="circuit" id={period.circuit} /> : app.none },
          { label: place.operator, value: where.firm === undefined ? app.none : <Name kind="firm" id={where.firm} /> },
          { label: place.contract, value: period ? contract[period.contract] : app.none },
          { label: place.area, value: period ? quantity(period.heated_area_m2, 'm²') : app.none },
          { label: place.floor, value: period ? number(period.floor) : app.none },
          { label: place.position, value: period ? position[period.position] : app.none },
          { label: place.heating, value: period ? heating[period.heating_type] : app.none },
          { label: place.device, value: devices.map(({ device }) => device).join(' ') || app.none },
        ]}
      />
    </Panel>
  )
}
