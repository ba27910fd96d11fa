import type { PanelTexts, Said } from './said.ts'

export const cityTexts = {
  board: {
    title: { zh: '暖城 · 全市实况', en: 'Warmcity · City live' },
    description: {
      zh: '全市现在暖不暖、哪里冷、冷得多深、我们看得清不清。',
      en: 'Is the city warm now, where is it cold and how deep, and how well do we see.',
    },
  },
  rowDistricts: { zh: '各区', en: 'Districts' },
  rowLive: { zh: '推送（Grafana Live）', en: 'Pushed (Grafana Live)' },
  coldByDistrict: {
    title: { zh: '各区不达标户', en: 'Homes below target by district' },
    description: {
      zh: '各区最近的不达标户数；点击查看该区企业。',
      en: 'The newest count of homes below target in each district; a click leads to its firms.',
    },
  },
  coldSharesByDistrict: {
    title: { zh: '各区不达标率随时间', en: 'Share below target by district over time' },
    description: {
      zh: '各区不达标户占实测户的比例。',
      en: 'Homes below target by measured homes, for each district.',
    },
  },
  worstSubstations: {
    title: { zh: '最差十个换热站', en: 'Worst ten substations' },
    description: {
      zh: '最近不达标户最多的十个换热站；点击名称下钻，点击编号打开控制台。',
      en: 'The ten substations with most homes below target; the name leads to its dashboard, the id to the console.',
    },
  },
  firms: {
    title: { zh: '各企业', en: 'Firms' },
    description: {
      zh: '各供热企业最近的数字；点击名称打开企业看板。',
      en: 'The newest figures of each firm; the name leads to its dashboard.',
    },
  },
  livePushed: {
    title: { zh: '实时：不达标户', en: 'Live: homes below target' },
    description: {
      zh: 'API 通过 Grafana Live 推送的全市不达标户数，不经过数据库；刷新页面后从空白开始。',
      en: 'Homes below target in the city as the api pushes them by Grafana Live, past the database; it begins empty after a reload.',
    },
  },
} as const satisfies Record<string, PanelTexts | Said>
