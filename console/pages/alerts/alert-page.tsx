import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { Schemas } from '../../api/client.ts'
import { queryOf } from '../../api/queries.ts'
import { Lasting } from '../../parts/lasting.tsx'
import { Name, PlaceLink, useName } from '../../parts/names.tsx'
import { Facts, Page, Panel } from '../../parts/page.tsx'
import { Answer } from '../../parts/states.tsx'
import { TierBadge } from '../../parts/tier.tsx'
import { useFormats, useTexts } from '../../settings/settings.tsx'
import { FlagsPanel } from '../flags/panel.tsx'
import { alertRoute } from './route.ts'

/** One alert: how bad, where, how long, and the flags behind it. */
export function AlertPage() {
  const texts = useTexts()
  const { id } = alertRoute.useParams()
  const query = useQuery(
    queryOf('GET /api/v1/alerts/{id}', { params: { id } }, { concerns: ({ payload }) => payload.id === id }),
  )
  return (
    <Page title={texts.lists.alertDetail} above={<Link to="/alerts">{texts.lists.alertsTitle}</Link>}>
      <Answer query={query}>{(alert) => <AlertFacts alert={alert} />}</Answer>
      <FlagsPanel
        title={texts.lists.flagsOfAlert}
        wanted={{ alert: id, state: 'all' }}
        concerns={({ payload }) => payload.alert === id}
      />
    </Page>
  )
}

function AlertFacts({ alert }: { readonly alert: Schemas['Alert'] }) {
  const { lists, rule, app } = useTexts()
  const { number, dateTime } = useFormats()
  const place = useName(alert.placeKind, alert.place)
  return (
    <Panel title={lists.alertOf(place)} extra={<TierBadge tier={alert.tier} />}>
      <Facts
        facts={[
          { label: lists.place, value: <PlaceLink kind={alert.placeKind} id={alert.place} /> },
          { label: lists.rule, value: rule[alert.rule] },
          { label: lists.flagCount, value: lists.openFlagCount(number(alert.openFlags), number(alert.flags)) },
          { label: lists.openedAt, value: dateTime(alert.openedAt) },
          { label: lists.updatedAt, value: dateTime(alert.updatedAt) },
          { label: lists.closedAt, value: alert.closedAt === undefined ? lists.open : dateTime(alert.closedAt) },
          { label: lists.duration, value: <Lasting from={alert.openedAt} to={alert.closedAt} /> },
          {
            label: lists.firm,
            value: alert.where.firm === undefined ? app.none : <Name kind="firm" id={alert.where.firm} />,
          },
        ]}
      />
    </Panel>
  )
}
