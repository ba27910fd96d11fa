import type { BoardSpec } from '../parts/board.ts'
import { colours, tierColours } from '../parts/colours.ts'
import { toBoard, toConsole } from '../parts/links.ts'
import { figureLine, figureLines, labelledLines, level, meanOf, onlyColour, rate } from '../parts/service-panels.ts'
import type { Thresholds } from '../parts/thresholds.ts'
import { consoleVariable } from '../parts/variables.ts'
import { linkTexts } from '../texts/common.ts'
import { serviceTexts } from '../texts/service.ts'

const edge = (figure: string) => ({ service: 'edge', figure }) as const
const api = (figure: string) => ({ service: 'api', figure }) as const

/** A reader this far behind is late for people; the same as the alert rule. */
const ageSteps = [
  { from: null, colour: colours.blue },
  { from: 60, colour: tierColours.warning },
  { from: 900, colour: tierColours.danger },
] as const

const readers = [
  { reader: 'telemetry', header: serviceTexts.telemetryReader, colour: colours.blue },
  { reader: 'watch', header: serviceTexts.watchReader, colour: colours.orange },
  { reader: 'quarantine', header: serviceTexts.quarantineReader, colour: colours.purple },
] as const

export const serviceBoard = (limits: Thresholds, consoleUrl: string): BoardSpec => ({
  name: 'service',
  texts: serviceTexts.board,
  shows: '6h',
  refresh: '30s',
  variables: (language) => [consoleVariable(consoleUrl, language)],
  links: [toBoard('city', linkTexts.city), toConsole('health')],
  rows: [
    { title: serviceTexts.rowEdge, panels: () => edgePanels(limits) },
    { title: serviceTexts.rowApi, panels: () => apiPanels(limits) },
  ],
})

const edgePanels = ({ neutral, none }: Thresholds) => [
  figureLines(serviceTexts.messages, [8, 8], 'suffix: /s', 1, neutral, [
    {
      key: 'accepted',
      header: serviceTexts.accepted,
      colour: colours.blue,
      query: rate('accepted', edge('warmcity_broker_deliveries_accepted'), '1s', 'added'),
    },
    {
      key: 'refused',
      header: serviceTexts.refused,
      colour: colours.vermillion,
      query: rate('refused', edge('warmcity_broker_publishes_refused'), '1s', 'added'),
    },
  ]),
  figureLines(
    serviceTexts.depth,
    [8, 8],
    'bytes',
    0,
    neutral,
    readers.map(({ reader, header, colour }) => ({
      key: reader,
      header,
      colour,
      query: level(reader, edge(`warmcity_ingest_${reader}_lag_bytes`), 'most'),
    })),
  ),
  figureLines(
    serviceTexts.age,
    [8, 8],
    's',
    0,
    ageSteps,
    readers.map(({ reader, header, colour }) => ({
      key: reader,
      header,
      colour,
      query: level(reader, edge(`warmcity_ingest_${reader}_lag_seconds`), 'most'),
    })),
  ),
  figureLine(
    serviceTexts.sync,
    [8, 8],
    'ms',
    1,
    neutral,
    meanOf('sync', edge('warmcity_ingest_journal_sync_ms_total'), edge('warmcity_ingest_journal_syncs')),
  ),
  figureLine(
    serviceTexts.store,
    [8, 8],
    'ms',
    1,
    neutral,
    meanOf('store', edge('warmcity_ingest_telemetry_append_ms_total'), edge('warmcity_ingest_telemetry_appends')),
  ),
  labelledLines(serviceTexts.quarantine, [8, 8], api('warmcity_quarantine'), none('warning')),
  figureLine(
    serviceTexts.sessions,
    [8, 7],
    'none',
    0,
    neutral,
    level('sessions', edge('warmcity_broker_connections'), 'added'),
  ),
  figureLines(serviceTexts.edgeMemory, [8, 7], 'bytes', 0, neutral, [
    {
      key: 'edge',
      header: serviceTexts.edge,
      colour: onlyColour,
      query: level('edge', edge('warmcity_edge_process_resident_memory_bytes'), 'most'),
    },
    {
      key: 'api',
      header: serviceTexts.api,
      colour: colours.orange,
      query: level('api', api('process_resident_memory_bytes'), 'most'),
    },
  ]),
]

const apiPanels = ({ neutral }: Thresholds) => [
  figureLine(
    serviceTexts.requests,
    [6, 8],
    'suffix: /s',
    1,
    neutral,
    rate('requests', api('warmcity_http_request_seconds_count'), '1s', 'added'),
  ),
  figureLine(
    serviceTexts.latency,
    [6, 8],
    'ms',
    1,
    neutral,
    meanOf('latency', api('warmcity_http_request_seconds_sum'), api('warmcity_http_request_seconds_count'), 1_000),
  ),
  figureLine(serviceTexts.sockets, [6, 8], 'none', 0, neutral, level('sockets', api('warmcity_live_sockets'), 'added')),
  figureLine(
    serviceTexts.signals,
    [6, 8],
    'suffix: /min',
    1,
    neutral,
    rate('signals', api('warmcity_stream_head'), '1m', 'most'),
  ),
]
