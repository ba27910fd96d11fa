import type { BoardSpec } from '../parts/board.ts'
import { toBoard, toConsole } from '../parts/links.ts'
import { itemsOfList, newestList, scoreHistory } from '../parts/score-panels.ts'
import type { Thresholds } from '../parts/thresholds.ts'
import { consoleVariable, placeVariable } from '../parts/variables.ts'
import { linkTexts, variableTexts } from '../texts/common.ts'
import { rankingTexts } from '../texts/ranking.ts'

export const rankingBoard = (limits: Thresholds, consoleUrl: string): BoardSpec => ({
  name: 'ranking',
  texts: rankingTexts.board,
  // Two seasons: a list is compared with that of a year before.
  shows: '730d',
  refresh: '5m',
  variables: (language) => [
    consoleVariable(consoleUrl, language),
    placeVariable({ name: 'firm', label: variableTexts.firm, level: 'firm', several: true }, language),
  ],
  links: [toBoard('city', linkTexts.city), toBoard('firm', linkTexts.firmsBoard), toConsole('rankings')],
  rows: [
    {
      title: rankingTexts.rowNewest,
      panels: (language) => [newestList(limits, [14, 14], language), itemsOfList(limits, [10, 14], language)],
    },
    {
      title: rankingTexts.rowHistory,
      panels: () => [scoreHistory(limits, [12, 9], 'score'), scoreHistory(limits, [12, 9], 'rank')],
    },
  ],
})
