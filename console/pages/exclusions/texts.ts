import type { ExclusionKind, ExclusionState } from '#domain/ranking-exclusion.ts'
import type { Said } from '#domain/words.ts'
import { defineTexts } from '../../text/texts.ts'

/** Days that are left out of rankings, in the words of the ranking's own description. */
export const exclusionTexts = defineTexts({
  title: { zh: '剔除记录', en: 'Exclusions' },
  hint: {
    zh: '有人举证提出、另一人确认后才生效。剔除的户日不参与任何计算，剔除占比列在分数旁。',
    en: 'One counts once somebody has proposed it with evidence and somebody else has confirmed it. An excluded home-day counts in nothing; the excluded share stands beside the score.',
  },
  empty: { zh: '这段时间没有剔除记录', en: 'No exclusions in these days' },
  emptyMatching: { zh: '没有符合条件的剔除记录', en: 'No exclusions match' },
  propose: { zh: '提出剔除', en: 'Propose an exclusion' },
  proposeSubmit: { zh: '提出', en: 'Propose' },
  proposed: { zh: '已提出，待他人确认', en: 'Proposed; somebody else decides it' },
  kind: { zh: '事由', en: 'Reason' },
  place: { zh: '地点', en: 'Place' },
  placeKind: { zh: '范围', en: 'What is left out' },
  days: { zh: '剔除日期', en: 'Days' },
  from: { zh: '起始日', en: 'First day' },
  to: { zh: '截止日', en: 'Last day' },
  backwards: { zh: '截止日早于起始日', en: 'Is before the first day' },
  evidence: { zh: '证据', en: 'Evidence' },
  evidenceHint: {
    zh: '例如检修计划文号、入户登记、报停申请单号',
    en: 'For example the number of the work order, of the visit, or of the contract',
  },
  by: { zh: '提出', en: 'Proposed' },
  byWhom: {
    zh: (account: string, at: string) => `${account}，${at}`,
    en: (account: string, at: string) => `${account}, ${at}`,
  },
  state: { zh: '状态', en: 'State' },
  decided: { zh: '处理', en: 'Decided' },
  decision: { zh: '处理意见', en: 'Reasons' },
  look: { zh: '查看', en: 'Look' },
  decide: { zh: '处理', en: 'Decide' },
  confirm: { zh: '确认剔除', en: 'Confirm' },
  refuse: { zh: '不予剔除', en: 'Refuse' },
  someoneElse: { zh: '您提出的剔除须由他人处理。', en: 'You proposed it: somebody else must decide it.' },
})

export const exclusionKindWords = defineTexts({
  plannedWork: { zh: '计划检修', en: 'Planned work' },
  refusedAccess: { zh: '拒绝入户', en: 'Refused access' },
  heatingSuspended: { zh: '停供', en: 'Suspended heating' },
  openWindow: { zh: '开窗', en: 'Open window' },
  carrier: { zh: '通信商故障', en: "Carrier's fault" },
} satisfies Record<ExclusionKind, Said>)

/** Each says whether it counts. */
export const exclusionStateWords = defineTexts({
  proposed: { zh: '待处理，尚未生效', en: 'Waits; does not count' },
  confirmed: { zh: '已确认，不参与计算', en: 'Confirmed; left out' },
  refused: { zh: '不予剔除，照常计算', en: 'Refused; counts as usual' },
} satisfies Record<ExclusionState, Said>)
