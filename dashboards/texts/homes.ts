import type { PanelTexts, Said } from './said.ts'

/** Panels about homes that several dashboards have. */
export const homeTexts = {
  rowNow: { zh: '现在', en: 'Now' },
  rowHomes: { zh: '室温', en: 'Homes' },
  rowPlaces: { zh: '下级', en: 'Below' },
  cold: {
    title: { zh: '不达标户', en: 'Homes below target' },
    description: {
      zh: '最近十分钟室温低于达标温度（已扣除测温误差）的实测户数。只统计有合格读数的户；没有读数不算达标，看在线率。',
      en: 'Measured homes that were below target, by more than the tolerance of their probe, in the newest ten minutes. A home without a good reading is not counted as warm: see coverage.',
    },
  },
  coldShare: {
    title: { zh: '不达标率', en: 'Share below target' },
    description: {
      zh: '不达标户占实测户的比例。',
      en: 'Homes below target by measured homes.',
    },
  },
  degreeHours: {
    title: { zh: '所选时间内欠温度时', en: 'Degree-hours missed in the shown time' },
    description: {
      zh: '各户低于达标温度的度数乘以小时数之和：既看冷的户多不多，也看冷得深不深、久不久。',
      en: 'Kelvins below target times hours, all homes together: how many, how deep and how long.',
    },
  },
  coverage: {
    title: { zh: '在线率', en: 'Coverage' },
    description: {
      zh: '按时上报的室温采集器占应报的比例。低于红黑榜考核的最低比例时，其余数字不足以说明情况。',
      en: 'Probes that reported in time by those that should. Below what a ranking needs, the other figures say little.',
    },
  },
  outdoor: {
    title: { zh: '室外温度', en: 'Outdoor temperature' },
    description: {
      zh: '各区观测值的平均；没有观测的区用厂站自己的测点。',
      en: "Mean over districts of what is observed; where nobody observes, of the plants' own sensors.",
    },
  },
  percentiles: {
    title: { zh: '室温分布、达标温度与室外温度', en: 'Indoor temperatures, target and outdoor temperature' },
    description: {
      zh: '十分之一的实测户不高于 10% 分位。10% 分位跌破达标温度而中位仍高，说明是局部问题；一起跌，说明是热源或管网问题。',
      en: 'A tenth of the measured homes is as cold as p10 or colder. p10 below target with a high median is a local trouble; when both fall, it is the source or the network.',
    },
  },
  coldOverTime: {
    title: { zh: '不达标户随时间', en: 'Homes below target over time' },
    description: {
      zh: '低于达标温度、16 °C、12 °C、5 °C 的实测户数；更冷的也计入前一档。',
      en: 'Measured homes below target, 16, 12 and 5 °C; the colder ones are counted in the milder, too.',
    },
  },
  degreeHoursOverTime: {
    title: { zh: '欠温度时随时间', en: 'Degree-hours over time' },
    description: {
      zh: '每段时间内各户欠的度时之和。',
      en: 'Degree-hours missed in each stretch of time, all homes together.',
    },
  },
  coverageOverTime: {
    title: { zh: '在线率随时间', en: 'Coverage over time' },
    description: {
      zh: '按时上报的采集器占应报的比例；骤降多半是网关或通信故障。',
      en: 'Probes that reported in time by those that should; a sudden fall is mostly a gateway or the network.',
    },
  },
  flags: {
    title: { zh: '未消除的异常', en: 'Open flags' },
    description: {
      zh: '按级别统计未消除的异常标记；点击在控制台查看。',
      en: 'Flags that are open, by tier; a click leads to them in the console.',
    },
  },
  flagsOverTime: {
    title: { zh: '未消除的异常随时间', en: 'Open flags over time' },
    description: {
      zh: '每十分钟末未消除的异常标记，按级别叠加。',
      en: 'Flags open at the end of each ten minutes, one tier upon another.',
    },
  },
} as const satisfies Record<string, PanelTexts | Said>
