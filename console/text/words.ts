import type { Role } from '#domain/account.ts'
import type { AlertPlaceKind, AlertTier } from '#domain/alert.ts'
import type { FlagRule, FlagSubjectKind } from '#domain/flag.ts'
import type { QualityName } from '#domain/quality.ts'
import type { SignalKind } from '#domain/signal.ts'
import { defineTexts, type Language, type Said } from './texts.ts'

/** The field's own words for what the service names in code: one word for one thing, on every page. */

type Word = Said<string>

export const ruleWords = defineTexts({
  belowTarget: { zh: '室温不达标', en: 'Below target' },
  below16: { zh: '室温低于 16 °C', en: 'Below 16 °C' },
  below12: { zh: '室温低于 12 °C', en: 'Below 12 °C' },
  below5: { zh: '室温低于 5 °C', en: 'Below 5 °C' },
  probeSilent: { zh: '采集器离线', en: 'Probe silent' },
  openWindow: { zh: '疑似开窗', en: 'Open window' },
  gatewaySilent: { zh: '网关离线', en: 'Gateway silent' },
  plantSilent: { zh: '厂站失联', en: 'Plant silent' },
  noFlow: { zh: '循环中断', en: 'No flow' },
  supplyUnderCurve: { zh: '供水温度偏低', en: 'Supply under curve' },
  stationAlarm: { zh: '站控报警', en: 'Station alarm' },
} satisfies Record<FlagRule, Word>)

export const tierWords = defineTexts({
  notice: { zh: '提示', en: 'Notice' },
  warning: { zh: '预警', en: 'Warning' },
  serious: { zh: '严重', en: 'Serious' },
  danger: { zh: '危急', en: 'Danger' },
} satisfies Record<AlertTier, Word>)

export const kindWords = defineTexts({
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
} satisfies Record<FlagSubjectKind | AlertPlaceKind | string, Word>)

export const signalWords = defineTexts({
  'flag.raised': { zh: '异常出现', en: 'Flag raised' },
  'flag.cleared': { zh: '异常消除', en: 'Flag cleared' },
  'alert.opened': { zh: '告警发出', en: 'Alert opened' },
  'alert.updated': { zh: '告警更新', en: 'Alert updated' },
  'alert.closed': { zh: '告警关闭', en: 'Alert closed' },
  'service.raised': { zh: '系统告警出现', en: 'Service alert raised' },
  'service.cleared': { zh: '系统告警消除', en: 'Service alert cleared' },
  'outage.recorded': { zh: '系统中断记录', en: 'Outage recorded' },
} satisfies Record<SignalKind, Word>)

export const roleWords = defineTexts({
  admin: { zh: '系统管理员', en: 'Administrator' },
  regulator: { zh: '供热主管部门', en: 'Regulator' },
  streetOffice: { zh: '街道办', en: 'Street office' },
  community: { zh: '社区', en: 'Community' },
  firmDispatcher: { zh: '企业调度', en: 'Firm dispatcher' },
  team: { zh: '抢修队', en: 'Repair team' },
  viewer: { zh: '观察员', en: 'Viewer' },
} satisfies Record<Role, Word>)

export const qualityWords = defineTexts({
  good: { zh: '正常', en: 'Good' },
  unknown: { zh: '未评定', en: 'Not evaluated' },
  suspect: { zh: '可疑', en: 'Suspect' },
  fail: { zh: '无效', en: 'Failed' },
  missing: { zh: '缺测', en: 'Missing' },
} satisfies Record<QualityName, Word>)

/** How a thing is called in a language; entrances have a number and no English name. */
export const nameIn = (language: Language, name: string, nameEn?: string): string =>
  language === 'zh' ? name : (nameEn ?? name.replace(/^(\d+)单元$/, 'Entrance $1'))
