import { mean } from '../influxql/expression.ts'
import { query } from '../influxql/query.ts'
import type { BoardSpec } from '../parts/board.ts'
import { colours } from '../parts/colours.ts'
import { places, rollUpEvery, rollUps } from '../parts/figures.ts'
import { homesOverTime, placeNow } from '../parts/home-panels.ts'
import { toBoard, toConsole, variableValue } from '../parts/links.ts'
import type { PanelSpec } from '../parts/panel.ts'
import { belongsTo } from '../parts/place-tables.ts'
import type { Thresholds } from '../parts/thresholds.ts'
import { hiddenTagVariable } from '../parts/variables.ts'
import { emptyTexts, linkTexts, variableTexts } from '../texts/common.ts'
import { homeTexts } from '../texts/homes.ts'
import { placeTexts } from '../texts/places.ts'
import { cascade } from './place-variables.ts'

const building = places('building', { id: 'building' })
/** The list of substations to choose from may hold all of them; this is the one that feeds the building. */
const itsSubstation = 'itsSubstation'

export const buildingBoard = (limits: Thresholds, consoleUrl: string): BoardSpec => ({
  name: 'building',
  texts: placeTexts.buildingBoard,
  shows: '24h',
  refresh: '1m',
  variables: (language) => [
    ...cascade({ consoleUrl, through: ['district', 'firm', 'substation'], of: 'building' }, language),
    hiddenTagVariable(itsSubstation, 'substation', building, language),
  ],
  links: [toBoard('city', linkTexts.city), toConsole('building', variableValue('building'))],
  rows: [
    {
      title: homeTexts.rowNow,
      panels: (language) => [
        ...placeNow(building, limits),
        belongsTo(building, ['district', 'firm', 'source', 'substation'], limits, language),
      ],
    },
    { title: homeTexts.rowHomes, panels: () => homesOverTime(building, limits) },
    { title: placeTexts.rowNeighbours, panels: () => [besideSubstation(limits)] },
  ],
})

const besideSubstation = (limits: Thresholds): PanelSpec => ({
  kind: 'lines',
  texts: placeTexts.besideSubstation,
  size: [24, 8],
  unit: 'celsius',
  decimals: 1,
  steps: limits.indoorC,
  everyAtLeast: rollUpEvery,
  empty: emptyTexts.rollUps,
  queries: [
    query(rollUps, {
      select: { building: mean('indoor_p50_c') },
      where: building,
      time: 'shown',
      bucket: 'auto',
      fill: 'null',
    }),
    query(rollUps, {
      select: { substation: mean('indoor_p50_c') },
      where: places('substation', { id: itsSubstation }),
      time: 'shown',
      bucket: 'auto',
      fill: 'null',
    }),
  ],
  columns: [
    { key: 'building', header: variableTexts.building, colour: colours.blue },
    { key: 'substation', header: variableTexts.substation, colour: colours.grey, dashed: true },
  ],
})
