import { last } from '../influxql/expression.ts'
import { query } from '../influxql/query.ts'
import type { BoardSpec } from '../parts/board.ts'
import { nameIn, namesOfPlaces, places, rollUpEvery, rollUps, shareOverTime } from '../parts/figures.ts'
import {
  coldOverTime,
  coverageOverTime,
  degreeHoursOverTime,
  flagsNow,
  flagsOverTime,
  numbersNow,
  outdoorNow,
  percentiles,
} from '../parts/home-panels.ts'
import { rowValue, toBoard, toConsole } from '../parts/links.ts'
import { livePanel } from '../parts/live-panel.ts'
import type { PanelSpec } from '../parts/panel.ts'
import { placeTable } from '../parts/place-tables.ts'
import type { Thresholds } from '../parts/thresholds.ts'
import { consoleVariable, placeVariable } from '../parts/variables.ts'
import { cityTexts } from '../texts/city.ts'
import { columnTexts, emptyTexts, linkTexts, variableTexts } from '../texts/common.ts'
import { homeTexts } from '../texts/homes.ts'
import type { Language } from '../texts/said.ts'

const wholeCity = places('city')
const districts = places('district', { id: 'district' })

export const cityBoard = (limits: Thresholds, consoleUrl: string): BoardSpec => ({
  name: 'city',
  texts: cityTexts.board,
  shows: '12h',
  refresh: '5s',
  variables: (language) => [
    consoleVariable(consoleUrl, language),
    placeVariable({ name: 'district', label: variableTexts.district, level: 'district', several: true }, language),
  ],
  links: [
    toBoard('firm', linkTexts.firmsBoard),
    toBoard('source', linkTexts.sourcesBoard),
    toBoard('substation', linkTexts.substationsBoard),
    toBoard('building', linkTexts.buildingsBoard),
    toBoard('ranking', linkTexts.rankingBoard),
    toBoard('service', linkTexts.serviceBoard),
    toConsole('city'),
  ],
  rows: [
    {
      title: homeTexts.rowNow,
      panels: () => [
        ...numbersNow(districts, limits),
        outdoorNow(districts, limits),
        flagsNow(wholeCity, limits, [4, 4]),
      ],
    },
    {
      title: homeTexts.rowHomes,
      panels: () => [
        percentiles(wholeCity, limits, [12, 9]),
        coldOverTime(wholeCity, limits, [12, 9]),
        flagsOverTime(wholeCity, limits, [12, 8]),
        degreeHoursOverTime(districts, limits, [12, 8], 'several'),
      ],
    },
    {
      title: cityTexts.rowDistricts,
      panels: (language) => [
        coldByDistrict(limits, language),
        {
          kind: 'lines',
          texts: cityTexts.coldSharesByDistrict,
          size: [8, 9],
          unit: 'percent',
          decimals: 1,
          min: 0,
          steps: limits.coldPct,
          queries: [shareOverTime(districts, 'dwellings_below_target', 'dwellings_measured', ['id'])],
          named: namesOfPlaces(districts),
          empty: emptyTexts.rollUps,
          everyAtLeast: rollUpEvery,
        },
        coverageOverTime(districts, limits, [8, 9], 'several'),
      ],
    },
    {
      title: homeTexts.rowPlaces,
      panels: (language) => [
        placeTable(
          {
            texts: cityTexts.worstSubstations,
            where: places('substation', { district: 'district' }),
            size: [12, 10],
            worst: 10,
            of: 'substation',
          },
          limits,
          language,
        ),
        placeTable(
          {
            texts: cityTexts.firms,
            where: places('firm'),
            size: [12, 10],
            of: 'firm',
          },
          limits,
          language,
        ),
      ],
    },
    { title: cityTexts.rowLive, panels: () => [livePanel(limits)] },
  ],
})

const coldByDistrict = (limits: Thresholds, language: Language): PanelSpec => ({
  kind: 'barchart',
  texts: cityTexts.coldByDistrict,
  size: [8, 9],
  unit: 'none',
  decimals: 0,
  min: 0,
  steps: limits.none('warning'),
  queries: [
    query(rollUps, {
      select: { name: last(nameIn(language)), cold: last('dwellings_below_target') },
      where: districts,
      time: 'shown',
      groupBy: ['id'],
    }),
  ],
  columns: [
    {
      key: 'cold',
      header: columnTexts.cold,
      link: toBoard('firm', linkTexts.down, { district: rowValue('id') }),
    },
  ],
  empty: emptyTexts.rollUps,
})
