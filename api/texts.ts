import { type Language, languages } from '#domain/words.ts'

/** Everything that the pages of the api say, in each of their languages: the same keys, held together by the types. */
const en = {
  htmlLang: 'en',
  title: 'Warmcity',
  tagline: 'Knows whether a cold city’s homes are warm',
  otherLanguage: '中文',
  clock: 'Clock',
  simulatedTime: 'Simulated time: this is not the real date',
  realTime: 'Real time',
  speed: (speed: number) => `running ${speed} times as fast as real time`,
  catchingUp: 'history is filling in; nobody is notified yet',
  state: 'State',
  ready: 'Ready',
  notReady: 'Not ready',
  running: 'What runs',
  api: (version: string) => `API, version ${version}`,
  broker: (address: string) => `MQTT broker: ${address}`,
  noBroker: 'No MQTT broker is connected to this API',
  readings: (count: string) => `${count} readings kept`,
  stream: (head: string) => `${head} signals in the stream`,
  alerts: 'Open alerts',
  alertsOpen: (count: number) => (count === 1 ? '1 open alert' : `${count} open alerts`),
  alertsHidden: 'Shown to those who are signed in',
  links: 'Where to go on',
  console: 'Web console',
  noConsole: 'The web console is not built: npm run prepare',
  reference: 'Reference of the HTTP API',
  openApi: 'OpenAPI description',
  time: 'The service’s clock',
  health: 'Health',
  readiness: 'Readiness',
  metrics: 'Metrics for Prometheus',
  problemStatus: (status: number) => `Answered with HTTP status ${status}.`,
  problemShape:
    'Every error of the API is application/problem+json (RFC 9457): `code` is for programs and stays the same, `detail` is for people.',
}
type Texts = typeof en

const zh: Texts = {
  htmlLang: 'zh-CN',
  title: '暖城',
  tagline: '寒冷城市的家，暖不暖，一看便知',
  otherLanguage: 'English',
  clock: '时钟',
  simulatedTime: '模拟时间：不是真实日期',
  realTime: '真实时间',
  speed: (speed) => `以真实时间的 ${speed} 倍运行`,
  catchingUp: '正在补录历史数据，暂不通知任何人',
  state: '状态',
  ready: '就绪',
  notReady: '未就绪',
  running: '正在运行',
  api: (version) => `API，版本 ${version}`,
  broker: (address) => `MQTT 代理：${address}`,
  noBroker: '此 API 未连接 MQTT 代理',
  readings: (count) => `已保存读数 ${count} 条`,
  stream: (head) => `变更流共 ${head} 条`,
  alerts: '未关闭的告警',
  alertsOpen: (count) => `${count} 条未关闭的告警`,
  alertsHidden: '登录后可见',
  links: '入口',
  console: '网页控制台',
  noConsole: '网页控制台尚未构建：npm run prepare',
  reference: 'HTTP API 参考',
  openApi: 'OpenAPI 描述',
  time: '服务时钟',
  health: '存活检查',
  readiness: '就绪检查',
  metrics: 'Prometheus 指标',
  problemStatus: (status) => `以 HTTP 状态码 ${status} 应答。`,
  problemShape:
    'API 的所有错误均为 application/problem+json（RFC 9457）：`code` 供程序使用且保持不变，`detail` 供人阅读。',
}

export const texts: Readonly<Record<Language, Texts>> = { en, zh }

/** The language asked for, else the one the browser prefers, else Chinese. */
export function languageOf(wanted: string | undefined, acceptLanguage: string | undefined): Language {
  const asked = languages.find((language) => language === wanted)
  if (asked) return asked
  const preferred = (acceptLanguage ?? '')
    .split(',')
    .map((part) => {
      const [tag = '', weight] = part.trim().split(';q=')
      return { language: tag.slice(0, 2).toLowerCase(), weight: weight === undefined ? 1 : Number(weight) }
    })
    .sort((left, right) => right.weight - left.weight)
    .map(({ language }) => language)
  return languages.find((language) => preferred.find((tag) => tag === 'zh' || tag === 'en') === language) ?? 'zh'
}
