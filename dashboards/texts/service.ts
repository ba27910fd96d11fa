import type { PanelTexts, Said } from './said.ts'

export const serviceTexts = {
  board: {
    title: { zh: '暖城 · 系统自身', en: 'Warmcity · Warmcity itself' },
    description: {
      zh: '暖城自己收得下、写得及、答得快吗。',
      en: 'Does Warmcity itself take what comes, write it in time and answer quickly.',
    },
  },
  rowEdge: { zh: '接入（edge）', en: 'Edge' },
  rowApi: { zh: '接口（api）', en: 'API' },
  messages: {
    title: { zh: '每秒消息', en: 'Messages a second' },
    description: {
      zh: '每秒收到并已落盘确认的上报，以及被拒绝的上报；多个接入进程相加。',
      en: 'Deliveries a second that were made durable and acked, and publishes that were refused; of all edges together.',
    },
  },
  sessions: {
    title: { zh: '在线会话', en: 'Sessions' },
    description: {
      zh: '连着的网关与客户端；多个接入进程相加。',
      en: 'Gateways and clients that are connected, to all edges together.',
    },
  },
  depth: {
    title: { zh: '日志积压', en: 'Journal depth' },
    description: {
      zh: '已确认、还没写进各存储的字节数；数据库不在时会涨，回来后自己消化。有多个接入进程时取最多的。',
      en: 'Bytes that were acked and that a reader has not yet brought to its store; it grows while a store is away and drains by itself. Of several edges the most.',
    },
  },
  age: {
    title: { zh: '日志时延', en: 'Journal age' },
    description: {
      zh: '各读取者落后多少秒：最早一条还没处理完的上报等了多久。有多个接入进程时取最久的。',
      en: 'How many seconds each reader is behind: how long the oldest delivery waits that it has not dealt with. Of several edges the most.',
    },
  },
  sync: {
    title: { zh: '落盘耗时', en: 'Time of a sync' },
    description: {
      zh: '日志每次 fdatasync 的平均耗时；上报要等它才被确认。',
      en: 'Mean time of an fdatasync of the journal; a delivery is acked after it.',
    },
  },
  store: {
    title: { zh: '写库耗时', en: 'Time of a write to the store' },
    description: {
      zh: '一批读数写入读数库的平均耗时。',
      en: 'Mean time in which the store of readings takes a batch.',
    },
  },
  quarantine: {
    title: { zh: '隔离区（按原因）', en: 'Quarantine by reason' },
    description: {
      zh: '隔离区里等人处理的上报；骤增多半是某厂家改了格式。',
      en: 'Deliveries in quarantine that wait for a person; a sudden rise is mostly a maker who changed a format.',
    },
  },
  edgeMemory: {
    title: { zh: '内存', en: 'Memory' },
    description: {
      zh: '进程占用的内存；同类进程有多个时取最大的。',
      en: 'Resident memory of the process; of several the largest.',
    },
  },
  requests: {
    title: { zh: '每秒请求', en: 'Requests a second' },
    description: {
      zh: 'API 每秒回答的 HTTP 请求；多个 API 相加。',
      en: 'HTTP requests answered a second, by all APIs together.',
    },
  },
  latency: {
    title: { zh: '回答耗时', en: 'Time to an answer' },
    description: { zh: 'API 回答一个请求的平均耗时。', en: 'Mean time in which the API answers a request.' },
  },
  sockets: {
    title: { zh: '实时连接', en: 'Live sockets' },
    description: { zh: '打开着的控制台等实时连接。', en: 'Sockets that are open, such as of consoles.' },
  },
  signals: {
    title: { zh: '每分钟变更', en: 'Signals a minute' },
    description: { zh: '变更流每分钟新增的条数。', en: 'New entries of the stream of signals a minute.' },
  },
  accepted: { zh: '已确认', en: 'Acked' },
  refused: { zh: '已拒绝', en: 'Refused' },
  telemetryReader: { zh: '读数', en: 'Readings' },
  watchReader: { zh: '监测', en: 'Watch' },
  quarantineReader: { zh: '隔离', en: 'Quarantine' },
  edge: { zh: 'edge', en: 'edge' },
  api: { zh: 'api', en: 'api' },
  value: { zh: '数值', en: 'Value' },
} as const satisfies Record<string, PanelTexts | Said>
