import type { BoardSpec } from '../parts/board.ts'
import { places } from '../parts/figures.ts'
import { coldOverTime, flagsNow, numbersNow } from '../parts/home-panels.ts'
import { toBoard, toConsole, variableValue } from '../parts/links.ts'
import { belongsTo, placeTable } from '../parts/place-tables.ts'
import {
  againstCurve,
  belowCurve,
  coalDays,
  coalStock,
  flows,
  heatPower,
  makeUpFlow,
  pressures,
  primaryDifference,
  tankLevel,
} from '../parts/plant-panels.ts'
import type { Thresholds } from '../parts/thresholds.ts'
import { linkTexts } from '../texts/common.ts'
import { homeTexts } from '../texts/homes.ts'
import { placeTexts } from '../texts/places.ts'
import { cascade } from './place-variables.ts'

const source = places('source', { id: 'source' })

export const sourceBoard = (limits: Thresholds, consoleUrl: string): BoardSpec => ({
  name: 'source',
  texts: placeTexts.sourceBoard,
  shows: '24h',
  refresh: '1m',
  variables: (language) => cascade({ consoleUrl, through: ['district'], of: 'source' }, language),
  links: [
    toBoard('city', linkTexts.city),
    toBoard('substation', linkTexts.substationsBoard, { source: variableValue('source') }),
    toConsole('source', variableValue('source')),
  ],
  rows: [
    {
      title: homeTexts.rowNow,
      panels: (language) => [
        ...numbersNow(source, limits),
        belowCurve({ where: source, size: [4, 4], limits }, 'primary'),
        coalDays({ where: source, size: [4, 4], limits }),
        belongsTo(source, ['district', 'firm'], limits, language),
      ],
    },
    {
      title: placeTexts.rowPlant,
      panels: () => [
        againstCurve({ where: source, size: [12, 9], limits }, 'primary'),
        pressures({ where: source, size: [12, 9], limits }, 'primary'),
        primaryDifference({ where: source, size: [8, 7], limits }),
        flows({ where: source, size: [8, 7], limits }, 'primary_flow_m3h'),
        heatPower({ where: source, size: [8, 7], limits }),
        makeUpFlow({ where: source, size: [8, 7], limits }),
        tankLevel({ where: source, size: [8, 7], limits }),
        coalStock({ where: source, size: [8, 7], limits }),
      ],
    },
    {
      title: homeTexts.rowHomes,
      panels: () => [coldOverTime(source, limits, [16, 8]), flagsNow(source, limits, [8, 8])],
    },
    {
      title: homeTexts.rowPlaces,
      panels: (language) => [
        placeTable(
          {
            texts: placeTexts.substationsOfSource,
            where: places('substation', { source: 'source' }),
            size: [24, 10],
            of: 'substation',
          },
          limits,
          language,
        ),
      ],
    },
  ],
})
