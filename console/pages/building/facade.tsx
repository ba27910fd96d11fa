import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Tooltip } from 'antd'
import { queryOf } from '../../api/queries.ts'
import { useFormats, useSettings, useTexts } from '../../settings/settings.tsx'
import { nameIn } from '../../text/words.ts'
import type { Home, Homes } from './page.tsx'

/** Kelvin below target at which the next step of the scale begins. */
const kelvinSteps = [0, 0.1, 1, 2, 4, 8] as const
const stepOf = (kelvin: number) =>
  Math.max(
    0,
    kelvinSteps.findLastIndex((begin) => kelvin >= begin),
  )

/** The building as one sees it from outside: entrances beside each other, the top floor on top. */
export function Facade({ homes: { entrances } }: { readonly homes: Homes }) {
  const { place } = useTexts()
  const { language } = useSettings()
  const { number } = useFormats()
  const policy = useQuery(queryOf('GET /api/v1/policy', {}))
  const target = policy.data?.season && policy.data.targetC
  return (
    <>
      <p className="soft">{place.facadeHint}</p>
      <div className="facade">
        {entrances.map(({ entrance, homes }) => (
          <section key={entrance.id} aria-label={nameIn(language, entrance.name)}>
            <ol>
              {floorsOf(homes).map(({ floor, homes: onFloor }) => (
                <li key={floor}>
                  <span className="facade-floor">{floor === undefined ? '' : number(floor)}</span>
                  {onFloor.map((home) => (
                    <Cell key={home.dwelling} home={home} target={target} />
                  ))}
                </li>
              ))}
            </ol>
            <h3>{nameIn(language, entrance.name)}</h3>
          </section>
        ))}
      </div>
      <ul className="legend">
        {kelvinSteps.map((begin, step) => (
          <li key={begin}>
            <span className="calendar-day" data-step={step} />
            <span>{step === 0 ? place.atTarget : place.underBy(`≥ ${number(begin, 1)} K`)}</span>
          </li>
        ))}
        <li>
          <span className="calendar-day" data-step="none" />
          <span>{place.noReading}</span>
        </li>
      </ul>
    </>
  )
}

/** The top floor first; homes of no known floor last. */
function floorsOf(homes: readonly Home[]) {
  const floors = Map.groupBy(homes, ({ floor }) => floor)
  return [...floors]
    .sort(([left = -100], [right = -100]) => right - left)
    .map(([floor, onFloor]) => ({
      floor,
      homes: onFloor.toSorted((left, right) => left.door.localeCompare(right.door, undefined, { numeric: true })),
    }))
}

function Cell({ home, target }: { readonly home: Home; readonly target: number | undefined }) {
  const { place, rule, contract } = useTexts()
  const { temperature } = useFormats()
  const { coldest, door, rules } = home
  const isHeated = home.contract === 'heated'
  const below = coldest && isHeated && target !== undefined ? Math.max(0, target - coldest.value) : 0
  const value = coldest ? temperature(coldest.value) : place.noReading
  const wrong = [...rules.map((one) => rule[one]), ...(isHeated || !home.contract ? [] : [contract[home.contract]])]
  return (
    <Tooltip title={[door, value, ...wrong].join(' · ')}>
      <Link
        className="facade-home"
        to="/dwellings/$id"
        params={{ id: home.dwelling }}
        data-step={coldest ? stepOf(below) : 'none'}
        data-wrong={rules.length > 0}
      >
        <small>{door}</small>
        <strong>{coldest ? temperature(coldest.value).replace(' °C', '') : '·'}</strong>
        <span className="sr-only">{wrong.join(', ')}</span>
      </Link>
    </Tooltip>
  )
}
