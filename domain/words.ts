import type { AlertTier } from './alert.ts'
import type { Standing } from './ranking.ts'

/** The field's own words for what code names: the same in the console, in dashboards and on the api's pages. */

export const languages = ['zh', 'en'] as const
export type Language = (typeof languages)[number]

/** A text in every language, side by side, so that a change of one shows the other. */
export type Said<Phrase = string> = Readonly<Record<Language, Phrase>>

export const kindWords = {
  city: { zh: '城市', en: 'City' },
  district: { zh: '区/县', en: 'District' },
  subdistrict: { zh: '街道', en: 'Subdistrict' },
  community: { zh: '社区', en: 'Community' },
  estate: { zh: '小区', en: 'Estate' },
  territory: { zh: '区域', en: 'Territory' },
  firm: { zh: '供热企业', en: 'Firm' },
  source: { zh: '热源', en: 'Source' },
  substation: { zh: '换热站', en: 'Substation' },
  circuit: { zh: '换热机组', en: 'Circuit' },
  building: { zh: '楼栋', en: 'Building' },
  entrance: { zh: '单元', en: 'Entrance' },
  riser: { zh: '立管', en: 'Riser' },
  dwelling: { zh: '户', en: 'Dwelling' },
  gateway: { zh: '网关', en: 'Gateway' },
  device: { zh: '采集器', en: 'Device' },
  service: { zh: '系统', en: 'Service' },
} as const satisfies Record<string, Said>

export const tierWords: Readonly<Record<AlertTier, Said>> = {
  notice: { zh: '提示', en: 'Notice' },
  warning: { zh: '预警', en: 'Warning' },
  serious: { zh: '严重', en: 'Serious' },
  danger: { zh: '危急', en: 'Danger' },
}

/** Red is the list of the good firms, black that of the bad. */
export const standingWords: Readonly<Record<Standing, Said>> = {
  red: { zh: '红榜', en: 'Red list' },
  yellow: { zh: '黄榜', en: 'Yellow list' },
  black: { zh: '黑榜', en: 'Black list' },
  interim: { zh: '阶段排名', en: 'Interim' },
  noData: { zh: '无数据', en: 'No data' },
}
