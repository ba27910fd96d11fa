import { stringify } from 'yaml'
import { cityPolicies } from '#domain/policy.ts'
import { buildingBoard } from './boards/building.ts'
import { cityBoard } from './boards/city.ts'
import { dwellingBoard } from './boards/dwelling.ts'
import { firmBoard } from './boards/firm.ts'
import { rankingBoard } from './boards/ranking.ts'
import { serviceBoard } from './boards/service.ts'
import { sourceBoard } from './boards/source.ts'
import { substationBoard } from './boards/substation.ts'
import { type BoardSpec, makeBoard } from './parts/board.ts'
import type { BoardName } from './parts/links.ts'
import { newestRules, type Thresholds, thresholdsOf } from './parts/thresholds.ts'
import { provisioningFiles } from './provisioning.ts'
import { languages, type PanelTexts } from './texts/said.ts'

export interface GenerateOptions {
  /** Whose limits colour the panels. */
  readonly city: string
  /** Where the web console is, as browsers reach it. */
  readonly consoleUrl: string
}

export const generateDefaults: GenerateOptions = { city: 'harbin', consoleUrl: 'http://localhost:8080' }

const boards: readonly ((limits: Thresholds, consoleUrl: string) => BoardSpec)[] = [
  cityBoard,
  firmBoard,
  sourceBoard,
  substationBoard,
  buildingBoard,
  rankingBoard,
  serviceBoard,
  dwellingBoard,
]

/** Every file by its path below `dashboards/`, and what is in it: the same options give the same bytes. */
export function generateFiles({ city, consoleUrl }: GenerateOptions): ReadonlyMap<string, string> {
  const policy = cityPolicies[city]
  if (policy === undefined) throw new Error(`There is no city ${city}: ${Object.keys(cityPolicies).join(', ')}`)
  const limits = thresholdsOf(newestRules(policy))
  const files = new Map<string, string>()
  const specs = boards.map((board) => board(limits, consoleUrl))
  for (const language of languages) {
    for (const spec of specs) {
      const folder = spec.name === 'dwelling' ? `homes-${language}` : language
      files.set(`generated/${folder}/${spec.name}.json`, `${JSON.stringify(makeBoard(spec, language), null, 2)}\n`)
    }
  }
  for (const [path, content] of provisioningFiles((board, panel) => panelId(specs, board, panel))) {
    files.set(`provisioning/${path}`, stringify(content, { lineWidth: 0, aliasDuplicateObjects: false }))
  }
  return files
}

/** The number of a panel on its dashboard. */
function panelId(specs: readonly BoardSpec[], name: BoardName, texts: PanelTexts): number {
  const spec = specs.find((one) => one.name === name)
  const [language] = languages
  const id = spec && makeBoard(spec, language).panels?.find(({ title }) => title === texts.title[language])?.id
  if (id === undefined) throw new Error(`The dashboard ${name} has no panel "${texts.title[language]}"`)
  return id
}
