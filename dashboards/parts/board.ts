import type { Builder } from '@grafana/grafana-foundation-sdk/cog'
import {
  type Dashboard,
  DashboardBuilder,
  DashboardCursorSync,
  RowBuilder,
  TimePickerBuilder,
  type VariableModel,
} from '@grafana/grafana-foundation-sdk/dashboard'
import type { Language, PanelTexts, Said } from '../texts/said.ts'
import { markAnnotations } from './annotations.ts'
import { type BoardName, boardUid, type Link, linkBuilder } from './links.ts'
import { makePanel, type PanelSpec } from './panel.ts'

export interface BoardSpec {
  readonly name: BoardName
  readonly texts: PanelTexts
  /** Time that is shown at first, back from now. */
  readonly shows: `${number}${'h' | 'd'}`
  readonly refresh: '5s' | '30s' | '1m' | '5m'
  readonly variables: (language: Language) => readonly Builder<VariableModel>[]
  readonly links: readonly Link[]
  readonly rows: readonly Row[]
}

interface Row {
  readonly title: Said
  readonly panels: (language: Language) => readonly PanelSpec[]
}

/** A dashboard in one language, as Grafana reads it from a file. Panels are numbered, so that links to one stay. */
export function makeBoard(spec: BoardSpec, language: Language): Dashboard {
  const board = new DashboardBuilder(spec.texts.title[language])
    .uid(boardUid(spec.name, language))
    .description(spec.texts.description[language])
    .tags(['warmcity', language])
    .readonly()
    // The browser's zone would move local midnights of the city for whoever looks from elsewhere.
    .timezone('Asia/Shanghai')
    .weekStart('monday')
    .time({ from: `now-${spec.shows}`, to: 'now' })
    .timepicker(new TimePickerBuilder().refreshIntervals(['5s', '30s', '1m', '5m', '15m']))
    .refresh(spec.refresh)
    .tooltip(DashboardCursorSync.Crosshair)
    .variables([...spec.variables(language)])
    .annotations(markAnnotations(language))
    .links(spec.links.map((link) => linkBuilder(link, language)))
  for (const { title, panels } of spec.rows) {
    board.withRow(new RowBuilder(title[language]))
    for (const panel of panels(language)) board.withPanel(makePanel(panel, language))
  }
  const made = board.build()
  made.panels?.forEach((panel, index) => {
    panel.id = index + 1
  })
  return made
}
