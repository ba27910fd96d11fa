import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { AlertTier } from '#domain/alert.ts'
import { queryOf } from '../../api/queries.ts'
import { Answer } from '../../parts/states.tsx'
import { TierBadge, tierOfRule, tiersWorstFirst } from '../../parts/tier.tsx'
import { useFormats, useTexts } from '../../settings/settings.tsx'

/** How many alerts are open, by tier; as new as the stream. */
export function OpenAlerts() {
  const { city } = useTexts()
  const query = useQuery(
    queryOf('GET /api/v1/alerts/open-counts', {}, { concerns: ({ kind }) => kind.startsWith('alert.') }),
  )
  return (
    <div className="figure">
      <dt>
        <Link to="/alerts">{city.openAlerts}</Link>
      </dt>
      <dd>
        <Answer query={query} rows={1}>
          {({ items }) => <Counts counts={items.map(({ tier, open }) => [tier, open] as const)} />}
        </Answer>
      </dd>
    </div>
  )
}

export function OpenFlags() {
  const { city } = useTexts()
  const query = useQuery(
    queryOf('GET /api/v1/flags/open-counts', {}, { concerns: ({ kind }) => kind.startsWith('flag.') }),
  )
  return (
    <div className="figure">
      <dt>
        <Link to="/flags">{city.openFlags}</Link>
      </dt>
      <dd>
        <Answer query={query} rows={1}>
          {({ items }) => <Counts counts={items.map(({ rule, open }) => [tierOfRule(rule), open] as const)} />}
        </Answer>
      </dd>
    </div>
  )
}

/** The sum, and what it is made of: the worst first. */
function Counts({ counts }: { readonly counts: readonly (readonly [AlertTier, number])[] }) {
  const { city, tier: words } = useTexts()
  const { number } = useFormats()
  const all = counts.reduce((sum, [, open]) => sum + open, 0)
  const ofTier = (tier: AlertTier) => counts.reduce((sum, [one, open]) => (one === tier ? sum + open : sum), 0)
  return (
    <>
      <strong>{all === 0 ? city.none : number(all)}</strong>
      <span className="figure-tiers">
        {tiersWorstFirst
          .filter((tier) => ofTier(tier) > 0)
          .map((tier) => (
            <TierBadge key={tier} tier={tier} text={`${words[tier]} ${number(ofTier(tier))}`} />
          ))}
      </span>
    </>
  )
}
