import { standingWords } from '#domain/words.ts'
import type { PanelTexts, Said } from './said.ts'

export const rankingTexts = {
  board: {
    title: { zh: '暖城 · 红黑榜', en: 'Warmcity · Ranking' },
    description: {
      zh: '已发布榜单的得分、区间、榜别和各项得分；依据和异议在控制台。',
      en: 'Scores, intervals, standings and items of published lists; evidence and objections are in the console.',
    },
  },
  rowNewest: { zh: '最近的榜单', en: 'The newest list' },
  rowHistory: { zh: '历次', en: 'History' },
  newest: {
    title: { zh: '最近一次榜单', en: 'The newest list' },
    description: {
      zh: '每家企业在所选时间内最近一次发布的名次、得分和 95% 区间。区间重叠的企业分不出高下。',
      en: 'Rank, score and 95 % interval of each firm on the newest list in the shown time. Firms whose intervals overlap cannot be told apart.',
    },
  },
  items: {
    title: { zh: '各项得分', en: 'Points by item' },
    description: {
      zh: '最近一次榜单各考核项的得分与满分；没有数据的项不考核，得分为空。',
      en: 'Points and full points of each item on the newest list; an item without data is not assessed and its points are empty.',
    },
  },
  history: {
    title: { zh: '历次得分', en: 'Scores over time' },
    description: { zh: '各企业历次榜单得分。', en: 'Scores of each firm on the lists so far.' },
  },
  ranks: {
    title: { zh: '历次名次', en: 'Ranks over time' },
    description: {
      zh: '历次榜单上各企业的名次；1 为最好。',
      en: 'Rank of each firm on the lists so far; 1 is best.',
    },
  },
  ...standingWords,
  item: { zh: '考核项', en: 'Item' },
  points: { zh: '得分', en: 'Points' },
  full: { zh: '满分', en: 'Full points' },
} as const satisfies Record<string, PanelTexts | Said>
