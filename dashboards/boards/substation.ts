import { either } from '../influxql/condition.ts'
import type { BoardSpec } from '../parts/board.ts'
import { places } from '../parts/figures.ts'
import { coldOverTime, flagsNow, numbersNow, outdoorNow, percentiles } from '../parts/home-panels.ts'
import { toBoard, toConsole, variableValue } from '../parts/links.ts'
import { belongsTo, placeTable } from '../parts/place-tables.ts'
import {
  againstCurve,
  belowCurve,
  flows,
  makeUpShare,
  powerSupply,
  pressures,
  primaryDifference,
  pumpFrequency,
  pumpStates,
  secondaryDifference,
  stationAlarms,
  valveOpening,
} from '../parts/plant-panels.ts'
import type { Thresholds } from '../parts/thresholds.ts'
import { linkTexts } from '../texts/common.ts'
import { homeTexts } from '../texts/homes.ts'
import { placeTexts } from '../texts/places.ts'
import { cascade } from './place-variables.ts'

const substation = places('substation', { id: 'substation' })
const circuits = places('circuit', { substation: 'substation' })
/** Some alarms are of the station, others of its circuits. */
const stationAndCircuits = [either(substation, circuits)]

export const substationBoard = (limits: Thresholds, consoleUrl: string): BoardSpec => ({
  name: 'substation',
  texts: placeTexts.substationBoard,
  shows: '24h',
  refresh: '30s',
  variables: (language) => cascade({ consoleUrl, through: ['district', 'firm', 'source'], of: 'substation' }, language),
  links: [
    toBoard('city', linkTexts.city),
    toBoard('building', linkTexts.buildingsBoard, { substation: variableValue('substation') }),
    toConsole('substation', variableValue('substation')),
  ],
  rows: [
    {
      title: homeTexts.rowNow,
      panels: (language) => [
        ...numbersNow(substation, limits),
        outdoorNow(substation, limits),
        belowCurve({ where: circuits, size: [4, 4], limits, several: true }, 'secondary'),
        belongsTo(substation, ['district', 'firm', 'source'], limits, language),
      ],
    },
    {
      title: placeTexts.rowCircuits,
      panels: () => {
        const shown = (width: number, height: number) =>
          ({ where: circuits, size: [width, height], limits, several: true }) as const
        return [
          againstCurve(shown(12, 9), 'secondary'),
          pressures(shown(12, 9), 'secondary'),
          secondaryDifference(shown(8, 7)),
          primaryDifference({ where: substation, size: [8, 7], limits }),
          flows(shown(8, 7), 'secondary_flow_m3h'),
          makeUpShare(shown(8, 7)),
          valveOpening(shown(8, 7)),
          pumpFrequency(shown(8, 7)),
          pumpStates(shown(8, 7)),
          powerSupply({ where: substation, size: [4, 7], limits }),
          stationAlarms({ where: stationAndCircuits, size: [12, 7], limits }),
        ]
      },
    },
    {
      title: homeTexts.rowHomes,
      panels: () => [
        percentiles(substation, limits, [10, 9]),
        coldOverTime(substation, limits, [10, 9]),
        flagsNow(substation, limits, [4, 9]),
      ],
    },
    {
      title: homeTexts.rowPlaces,
      panels: (language) => [
        placeTable(
          {
            texts: placeTexts.buildingsOfSubstation,
            where: places('building', { substation: 'substation' }),
            size: [24, 10],
            of: 'building',
          },
          limits,
          language,
        ),
      ],
    },
  ],
})
