import type { BoardSpec } from '../parts/board.ts'
import { places } from '../parts/figures.ts'
import { homesOverTime, placeNow } from '../parts/home-panels.ts'
import { toBoard, toFlags, variableValue } from '../parts/links.ts'
import { placeTable } from '../parts/place-tables.ts'
import { scoresOfFirm } from '../parts/score-panels.ts'
import type { Thresholds } from '../parts/thresholds.ts'
import { linkTexts } from '../texts/common.ts'
import { homeTexts } from '../texts/homes.ts'
import { placeTexts } from '../texts/places.ts'
import { cascade } from './place-variables.ts'

const firm = places('firm', { id: 'firm' })

export const firmBoard = (limits: Thresholds, consoleUrl: string): BoardSpec => ({
  name: 'firm',
  texts: placeTexts.firmBoard,
  shows: '24h',
  refresh: '1m',
  variables: (language) => cascade({ consoleUrl, through: ['district'], of: 'firm' }, language),
  links: [
    toBoard('city', linkTexts.city),
    toBoard('substation', linkTexts.substationsBoard, { firm: variableValue('firm') }),
    toBoard('ranking', linkTexts.rankingBoard),
    toFlags({ firm: variableValue('firm') }),
  ],
  rows: [
    {
      title: homeTexts.rowNow,
      panels: () => placeNow(firm, limits, { firm: variableValue('firm') }),
    },
    { title: homeTexts.rowHomes, panels: () => homesOverTime(firm, limits) },
    {
      title: homeTexts.rowPlaces,
      panels: (language) => [
        placeTable(
          {
            texts: placeTexts.substationsOfFirm,
            where: places('substation', { firm: 'firm', district: 'district' }),
            size: [24, 10],
            of: 'substation',
          },
          limits,
          language,
        ),
      ],
    },
    { title: placeTexts.rowScores, panels: () => [scoresOfFirm(limits, [24, 8])] },
  ],
})
