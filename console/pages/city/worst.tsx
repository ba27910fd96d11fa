import { PlaceLink } from '../../parts/names.tsx'
import { Panel } from '../../parts/page.tsx'
import { Empty } from '../../parts/states.tsx'
import { useFormats, useTexts } from '../../settings/settings.tsx'
import { coldShare, type Overview } from './overview.ts'

/** As many as one looks at before opening the list of alerts. */
const shownMax = 12

/** The circuits with the largest share of cold homes, each a link to its page. */
export function Worst({ overview: { places } }: { readonly overview: Overview }) {
  const { city } = useTexts()
  const { percent, number } = useFormats()
  const circuits = places
    .filter(({ level }) => level === 'circuit')
    .map((place) => ({ place, share: coldShare(place) ?? 0 }))
    .filter(({ share }) => share > 0)
    .sort((left, right) => right.share - left.share)
    .slice(0, shownMax)
  return (
    <Panel title={city.worst}>
      {circuits.length === 0 ? (
        <Empty text={city.worstNone} />
      ) : (
        <ol className="worst">
          {circuits.map(({ place, share }) => (
            <li key={place.id}>
              <PlaceLink kind="circuit" id={place.id} />
              <strong className="number">{percent(share)}</strong>
              <span className="bar-track" aria-hidden>
                <span style={{ width: `${share * 100}%` }} />
              </span>
              <small className="soft">
                {city.homesBelow(
                  number(place.figures.dwellings_below_target ?? 0),
                  number(place.figures.dwellings_measured ?? 0),
                )}
              </small>
            </li>
          ))}
        </ol>
      )}
    </Panel>
  )
}
