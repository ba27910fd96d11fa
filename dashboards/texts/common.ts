import type { AlertTier } from '#domain/alert.ts'
import { kindWords, tierWords } from '#domain/words.ts'
import type { Said } from './said.ts'

const said = <T extends Readonly<Record<string, Said>>>(texts: T): T => texts

export const linkTexts = said({
  tooltip: { zh: '打开', en: 'Open' },
  console: { zh: '在暖城控制台打开', en: 'Open in the Warmcity console' },
  city: { zh: '↑ 全市', en: '↑ City' },
  firmsBoard: { zh: '供热企业', en: 'Firms' },
  sourcesBoard: { zh: '热源', en: 'Sources' },
  substationsBoard: { zh: '换热站', en: 'Substations' },
  buildingsBoard: { zh: '楼栋', en: 'Buildings' },
  rankingBoard: { zh: '红黑榜', en: 'Ranking' },
  serviceBoard: { zh: '暖城自身', en: 'Warmcity itself' },
  up: { zh: '↑ 打开上级看板', en: '↑ Open its dashboard' },
  down: { zh: '打开看板', en: 'Open the dashboard' },
})

const { district, firm, source, substation, building } = kindWords

export const variableTexts = said({
  ...{ district, firm, source, substation, building },
  device: { zh: '设备编号', en: 'Device' },
  console: { zh: '控制台地址', en: 'Address of the console' },
  all: { zh: '全部', en: 'All' },
})

export const annotationTexts = said({
  season: { zh: '供热季', en: 'Season' },
  lists: { zh: '榜单发布', en: 'Published lists' },
  plannedWork: { zh: '计划检修', en: 'Planned work' },
})

export const emptyTexts = said({
  rollUps: {
    zh: '所选时间内没有汇总数据：每十分钟写入一次，少于十户实测的地方不显示',
    en: 'No roll-ups in the shown time: they come every ten minutes, and none for fewer than ten measured homes',
  },
  sensors: {
    zh: '所选时间内这里的测点没有上报',
    en: 'No sensor here reported this in the shown time',
  },
  lists: { zh: '还没有发布过榜单', en: 'No list has been published yet' },
  service: {
    zh: '所选时间内没有暖城自身的指标：服务没有运行，或没有开启 InfluxDB',
    en: "None of Warmcity's own figures in the shown time: it did not run, or InfluxDB is not turned on",
  },
  live: {
    zh: '没有收到推送：需要为 API 设置 Grafana Live（见 docs/grafana.md）',
    en: 'Nothing was pushed: the API needs to know of Grafana Live (docs/grafana.md)',
  },
  readings: {
    zh: '没有读数：这个数据源默认关闭',
    en: 'No readings: this data source is off unless it is turned on',
  },
})

/** A tier with what makes it. */
const tierOf = (tier: AlertTier, why: Said): Said => ({
  zh: `${tierWords[tier].zh}（${why.zh}）`,
  en: `${tierWords[tier].en} (${why.en})`,
})

/** What columns and series are called, by the names of fields where they have one. */
export const columnTexts = said({
  name: { zh: '名称', en: 'Name' },
  id: { zh: '编号', en: 'Id' },
  firm: { zh: '企业', en: 'Firm' },
  measured: { zh: '实测户', en: 'Measured homes' },
  cold: { zh: '不达标户', en: 'Homes below target' },
  coldPct: { zh: '不达标率', en: 'Share below target' },
  degreeHours: { zh: '欠温度时', en: 'Degree-hours' },
  degreeHoursOfDay: { zh: '一天欠温度时', en: 'Degree-hours of a day' },
  coveragePct: { zh: '在线率', en: 'Coverage' },
  median: { zh: '中位室温', en: 'Median indoor' },
  p10: { zh: '室温 10% 分位', en: 'Indoor p10' },
  p50: { zh: '室温中位', en: 'Indoor p50' },
  p90: { zh: '室温 90% 分位', en: 'Indoor p90' },
  target: { zh: '达标温度', en: 'Target' },
  outdoor: { zh: '室外温度', en: 'Outdoor' },
  notice: tierOf('notice', { zh: '低于达标温度', en: 'below target' }),
  warning: tierOf('warning', {
    zh: '低于 16 °C、供温不足、站点报警、站点失联',
    en: 'below 16 °C, supply, station alarm, silence',
  }),
  serious: tierOf('serious', { zh: '低于 12 °C、断流', en: 'below 12 °C, no flow' }),
  danger: tierOf('danger', { zh: '低于 5 °C', en: 'below 5 °C' }),
  supply: { zh: '供水温度', en: 'Supply' },
  return: { zh: '回水温度', en: 'Return' },
  curveSupply: { zh: '曲线设定供温', en: 'Supply by the curve' },
  curveReturn: { zh: '曲线设定回温', en: 'Return by the curve' },
  below16: { zh: '低于 16 °C', en: 'Below 16 °C' },
  below12: { zh: '低于 12 °C', en: 'Below 12 °C' },
  below5: { zh: '低于 5 °C', en: 'Below 5 °C' },
  rank: { zh: '名次', en: 'Rank' },
  score: { zh: '得分', en: 'Score' },
  low: { zh: '区间下限', en: 'Interval from' },
  high: { zh: '区间上限', en: 'Interval to' },
  assessed: { zh: '已考核分值', en: 'Points assessed' },
  standing: { zh: '榜别', en: 'Standing' },
  list: { zh: '榜单', en: 'List' },
  published: { zh: '发布时间', en: 'Published' },
})
