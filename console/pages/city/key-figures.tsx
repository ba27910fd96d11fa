import type { ReactNode } from 'react'
import { useFormats, useTexts } from '../../settings/settings.tsx'
import { OpenAlerts, OpenFlags } from './open-counts.tsx'
import { type Overview, topPlaces, useDegreeHoursToday } from './overview.ts'

/** The city in a line: how cold it is outside, how many homes are warm, and what is open. */
export function KeyFigures({ overview }: { readonly overview: Overview | undefined }) {
  const { city } = useTexts()
  return (
    <dl className="figures" aria-label={city.summary}>
      <CityFigures overview={overview} />
      <OpenAlerts />
      <OpenFlags />
    </dl>
  )
}

function CityFigures({ overview }: { readonly overview: Overview | undefined }) {
  const { city, app } = useTexts()
  const { number, percent, temperature } = useFormats()
  const lost = useDegreeHoursToday(overview)
  const places = overview?.places ?? []
  const top = topPlaces(places)
  const sum = (name: 'dwellings_measured' | 'dwellings_below_target' | 'probes_reporting' | 'probes_expected') =>
    top.reduce((all, { figures }) => all + (figures[name] ?? 0), 0)
  const measured = sum('dwellings_measured')
  const below = sum('dwellings_below_target')
  const expected = sum('probes_expected')
  // Medians cannot be added: of several places there is none.
  const figures = top.length === 1 ? top[0]?.figures : undefined
  const outdoors = places
    .filter(({ level }) => level === 'district')
    .flatMap(({ figures: ofDistrict }) => ofDistrict.outdoor_temperature_c ?? [])
  const outdoor = figures?.outdoor_temperature_c ?? mean(outdoors)
  const show = (value: number | undefined, format: (value: number) => string) =>
    value === undefined ? app.none : format(value)
  return (
    <>
      <Figure
        label={city.outdoor}
        value={show(outdoor, temperature)}
        note={
          outdoors.length > 0
            ? city.outdoorRange(temperature(Math.min(...outdoors)), temperature(Math.max(...outdoors)))
            : city.outdoorNone
        }
      />
      <Figure
        label={city.atTarget}
        value={measured > 0 ? percent(1 - below / measured) : app.none}
        note={city.atTargetOf(number(measured - below), number(measured))}
      />
      <Figure
        label={city.indoor}
        value={show(figures?.indoor_p50_c, temperature)}
        note={
          figures?.indoor_p10_c !== undefined &&
          figures.indoor_p90_c !== undefined &&
          city.indoorSpread(temperature(figures.indoor_p10_c), temperature(figures.indoor_p90_c))
        }
      />
      <Figure
        label={city.degreeHours}
        value={show(lost, (value) => number(value, value < 100 ? 1 : 0))}
        unit={city.degreeHoursUnit}
        note={city.degreeHoursHint}
      />
      <Figure
        label={city.coverage}
        value={expected > 0 ? percent(sum('probes_reporting') / expected) : app.none}
        note={city.coverageOf(number(sum('probes_reporting')), number(expected))}
      />
    </>
  )
}

interface FigureProps {
  readonly label: string
  readonly value: string
  readonly unit?: string
  readonly note: ReactNode
}

function Figure({ label, value, unit, note }: FigureProps) {
  return (
    <div className="figure">
      <dt>{label}</dt>
      <dd>
        <strong>
          {value}
          {unit !== undefined && <small className="figure-unit">{unit}</small>}
        </strong>
        <span className="soft">{note}</span>
      </dd>
    </div>
  )
}

const mean = (values: readonly number[]): number | undefined =>
  values.length === 0 ? undefined : values.reduce((sum, value) => sum + value, 0) / values.length
