import type { Said } from './said.ts'

export const alertTexts = {
  folder: { zh: '暖城', en: 'Warmcity' },
  districtSilent: {
    title: { zh: '某区没有数据', en: 'No data from a district' },
    summary: {
      zh: '四十分钟没有任何室温采集器上报的区：{{ .Labels.id }}',
      en: 'No probe of the district reported for forty minutes: {{ .Labels.id }}',
    },
  },
  journalAge: {
    title: { zh: '日志积压太久', en: 'The journal is old' },
    summary: {
      zh: '读取者落后超过十五分钟：edge {{ .Labels.instance }} 的 {{ .Labels.figure }}',
      en: 'A reader is more than fifteen minutes behind: {{ .Labels.figure }} of edge {{ .Labels.instance }}',
    },
  },
  quarantineSurge: {
    title: { zh: '隔离区激增', en: 'Quarantine surges' },
    summary: {
      zh: '十分钟内有一千条以上的上报进了隔离区',
      en: 'More than a thousand deliveries went into quarantine in ten minutes',
    },
  },
  apiDown: {
    title: { zh: 'API 没有运行', en: 'The API is down' },
    summary: {
      zh: '五分钟没有收到 API 的指标',
      en: 'No figures of the API for five minutes',
    },
  },
  edgeDown: {
    title: { zh: '接入服务没有运行', en: 'The edge is down' },
    summary: {
      zh: '五分钟没有收到接入服务（edge{{ with .Labels.instance }} {{ . }}{{ end }}）的指标：网关可能连不上',
      en: 'No figures of the edge{{ with .Labels.instance }} {{ . }}{{ end }} for five minutes: gateways may not get in',
    },
  },
} as const satisfies Record<string, Said | { title: Said; summary: Said }>
