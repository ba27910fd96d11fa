import type { PanelTexts, Said } from './said.ts'

export const dwellingTexts = {
  board: {
    title: { zh: '暖城 · 单个设备（含住户）', en: 'Warmcity · Single devices (homes)' },
    description: {
      zh: '单个采集器的读数。能查这个数据源的人能查到每一户，Grafana 既不按范围限制也不记审计：默认不提供。',
      en: 'Readings of single devices. Who may query this data source sees every home; Grafana neither limits it by scope nor audits it: off unless it is turned on.',
    },
  },
  row: { zh: '读数', en: 'Readings' },
  indoor: {
    title: { zh: '室温', en: 'Indoor temperature' },
    description: { zh: '该采集器测得的室温。', en: 'Indoor temperature as the device measured it.' },
  },
  humidity: {
    title: { zh: '湿度', en: 'Humidity' },
    description: { zh: '该采集器测得的相对湿度。', en: 'Relative humidity as the device measured it.' },
  },
  battery: {
    title: { zh: '电池', en: 'Battery' },
    description: { zh: '剩余电量；低电量的采集器读数会飘。', en: 'What is left; readings drift when it is low.' },
  },
  quality: {
    title: { zh: '数据质量', en: 'Quality' },
    description: {
      zh: '每条读数的质量：1 合格，2 未评定，3 可疑，4 不合格，9 缺失。',
      en: 'Quality of each reading: 1 good, 2 unknown, 3 suspect, 4 fail, 9 missing.',
    },
  },
  rawTable: {
    title: { zh: '最近读数', en: 'Newest readings' },
    description: { zh: '最近两百条读数。', en: 'The newest two hundred readings.' },
  },
  time: { zh: '时间', en: 'Time' },
  metric: { zh: '指标', en: 'Metric' },
  value: { zh: '数值', en: 'Value' },
} as const satisfies Record<string, PanelTexts | Said>
