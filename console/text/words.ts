import type { Role } from '#domain/account.ts'
import type { FlagRule } from '#domain/flag.ts'
import type { QualityName } from '#domain/quality.ts'
import type { SignalKind } from '#domain/signal.ts'
import type { Language, Said } from '#domain/words.ts'
import { defineTexts } from './texts.ts'

/** Words that only the console says for what the service names in code; those that others say, too, are in `domain/words.ts`. */

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
} satisfies Record<FlagRule, Said>)

export const signalWords = defineTexts({
  'flag.raised': { zh: '异常出现', en: 'Flag raised' },
  'flag.cleared': { zh: '异常消除', en: 'Flag cleared' },
  'alert.opened': { zh: '告警发出', en: 'Alert opened' },
  'alert.updated': { zh: '告警更新', en: 'Alert updated' },
  'alert.closed': { zh: '告警关闭', en: 'Alert closed' },
  'service.raised': { zh: '系统告警出现', en: 'Service alert raised' },
  'service.cleared': { zh: '系统告警消除', en: 'Service alert cleared' },
  'outage.recorded': { zh: '系统中断记录', en: 'Outage recorded' },
} satisfies Record<SignalKind, Said>)

export const roleWords = defineTexts({
  admin: { zh: '系统管理员', en: 'Administrator' },
  regulator: { zh: '供热主管部门', en: 'Regulator' },
  streetOffice: { zh: '街道办', en: 'Street office' },
  community: { zh: '社区', en: 'Community' },
  firmDispatcher: { zh: '企业调度', en: 'Firm dispatcher' },
  team: { zh: '抢修队', en: 'Repair team' },
  viewer: { zh: '观察员', en: 'Viewer' },
} satisfies Record<Role, Said>)

export const qualityWords = defineTexts({
  good: { zh: '正常', en: 'Good' },
  unknown: { zh: '未评定', en: 'Not evaluated' },
  suspect: { zh: '可疑', en: 'Suspect' },
  fail: { zh: '无效', en: 'Failed' },
  missing: { zh: '缺测', en: 'Missing' },
} satisfies Record<QualityName, Said>)

/** How a thing is called in a language; entrances have a number and no English name. */
export const nameIn = (language: Language, name: string, nameEn?: string): string =>
  language === 'zh' ? name : (nameEn ?? name.replace(/^(\d+)单元$/, 'Entrance $1'))
