import type { Role } from '#domain/account.ts'
import type { AlertPlaceKind, AlertTier } from '#domain/alert.ts'
import type { FlagRule, FlagSubjectKind } from '#domain/flag.ts'
import type { MetricName } from '#domain/metric.ts'
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

export const metricWords = defineTexts({
  indoor_temperature_c: { zh: '室内温度', en: 'Indoor temperature' },
  humidity_pct: { zh: '湿度', en: 'Humidity' },
  battery_pct: { zh: '电池电量', en: 'Battery' },
  outdoor_temperature_c: { zh: '室外温度', en: 'Outdoor temperature' },
  signal_strength_dbm: { zh: '信号强度', en: 'Signal strength' },
  primary_supply_temperature_c: { zh: '一次供水温度', en: 'Primary supply temperature' },
  primary_return_temperature_c: { zh: '一次回水温度', en: 'Primary return temperature' },
  secondary_supply_temperature_c: { zh: '二次供水温度', en: 'Secondary supply temperature' },
  secondary_return_temperature_c: { zh: '二次回水温度', en: 'Secondary return temperature' },
  primary_supply_pressure_mpa: { zh: '一次供水压力', en: 'Primary supply pressure' },
  primary_return_pressure_mpa: { zh: '一次回水压力', en: 'Primary return pressure' },
  secondary_supply_pressure_mpa: { zh: '二次供水压力', en: 'Secondary supply pressure' },
  secondary_return_pressure_mpa: { zh: '二次回水压力', en: 'Secondary return pressure' },
  primary_flow_m3h: { zh: '一次流量', en: 'Primary flow' },
  secondary_flow_m3h: { zh: '二次流量', en: 'Secondary flow' },
  make_up_flow_m3h: { zh: '补水流量', en: 'Make-up flow' },
  heat_power_mw: { zh: '热功率', en: 'Heat power' },
  heat_energy_gj: { zh: '累计热量', en: 'Heat energy' },
  pump_running: { zh: '循环泵运行', en: 'Pump running' },
  pump_frequency_hz: { zh: '循环泵频率', en: 'Pump frequency' },
  valve_opening_pct: { zh: '阀门开度', en: 'Valve opening' },
  tank_level_m: { zh: '水箱液位', en: 'Tank level' },
  coal_stock_t: { zh: '储煤量', en: 'Coal stock' },
  power_supply: { zh: '供电', en: 'Power supply' },
  alarm_primary_supply_low_pressure: { zh: '一次供水压力低', en: 'Primary supply pressure low' },
  alarm_secondary_supply_high_pressure: { zh: '二次供水压力高', en: 'Secondary supply pressure high' },
  alarm_secondary_return_high_pressure: { zh: '二次回水压力高', en: 'Secondary return pressure high' },
  alarm_secondary_return_low_pressure: { zh: '二次回水压力低', en: 'Secondary return pressure low' },
  alarm_primary_supply_low_temperature: { zh: '一次供水温度低', en: 'Primary supply temperature low' },
  alarm_secondary_supply_high_temperature: { zh: '二次供水温度高', en: 'Secondary supply temperature high' },
  alarm_tank_level_high: { zh: '水箱液位高', en: 'Tank level high' },
  alarm_tank_level_low: { zh: '水箱液位低', en: 'Tank level low' },
  alarm_circulation_pump_1_fault: { zh: '1# 循环泵故障', en: 'Circulation pump 1 fault' },
  alarm_circulation_pump_2_fault: { zh: '2# 循环泵故障', en: 'Circulation pump 2 fault' },
  alarm_circulation_pump_3_fault: { zh: '3# 循环泵故障', en: 'Circulation pump 3 fault' },
  alarm_make_up_pump_1_fault: { zh: '1# 补水泵故障', en: 'Make-up pump 1 fault' },
  alarm_make_up_pump_2_fault: { zh: '2# 补水泵故障', en: 'Make-up pump 2 fault' },
  alarm_level_switch_low: { zh: '液位开关低', en: 'Level switch low' },
  alarm_level_switch_high: { zh: '液位开关高', en: 'Level switch high' },
  alarm_power_loss: { zh: '停电', en: 'Power loss' },
} satisfies Record<MetricName, Word>)

/** How a thing is called in a language; entrances have a number and no English name. */
export const nameIn = (language: Language, name: string, nameEn?: string): string =>
  language === 'zh' ? name : (nameEn ?? name.replace(/^(\d+)单元$/, 'Entrance $1'))
