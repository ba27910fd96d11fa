import { metricWords } from '#domain/metric-words.ts'
import { kindWords, type Language, languages, standingWords, tierWords } from '#domain/words.ts'
import { accountTexts, permissionWords } from '../pages/accounts/texts.ts'
import { listTexts } from '../pages/alerts/texts.ts'
import { cityTexts } from '../pages/city/texts.ts'
import { deviceTexts } from '../pages/devices/texts.ts'
import { contractWords, heatingWords, placeTexts, positionWords } from '../pages/dwelling/texts.ts'
import { exclusionKindWords, exclusionStateWords, exclusionTexts } from '../pages/exclusions/texts.ts'
import { gatewayTexts } from '../pages/gateways/texts.ts'
import { healthTexts } from '../pages/health/texts.ts'
import { mappingTexts } from '../pages/mapping-trial/texts.ts'
import { publicTexts } from '../pages/public/texts.ts'
import { quarantineTexts } from '../pages/quarantine/texts.ts'
import { rankingTexts } from '../pages/rankings/texts.ts'
import { columnWords, registryTexts, tableWords } from '../pages/registry/texts.ts'
import { appTexts, navigationTexts } from './app-texts.ts'
import { spokenIn } from './texts.ts'
import { qualityWords, roleWords, ruleWords, signalWords } from './words.ts'

/** Everything that the console says. A page's own texts lie beside the page and are listed here. */
export const catalogue = {
  app: appTexts,
  navigation: navigationTexts,
  city: cityTexts,
  lists: listTexts,
  place: placeTexts,
  position: positionWords,
  contract: contractWords,
  heating: heatingWords,
  ranking: rankingTexts,
  public: publicTexts,
  exclusion: exclusionTexts,
  exclusionKind: exclusionKindWords,
  exclusionState: exclusionStateWords,
  registry: registryTexts,
  registryTable: tableWords,
  registryColumn: columnWords,
  device: deviceTexts,
  gateway: gatewayTexts,
  mapping: mappingTexts,
  quarantine: quarantineTexts,
  account: accountTexts,
  permission: permissionWords,
  health: healthTexts,
  rule: ruleWords,
  tier: tierWords,
  kind: kindWords,
  standing: standingWords,
  signal: signalWords,
  role: roleWords,
  quality: qualityWords,
  metric: metricWords,
}

type Catalogue = typeof catalogue
export type Texts = { readonly [Area in keyof Catalogue]: ReturnType<typeof spokenIn<Catalogue[Area]>> }

function allIn(language: Language): Texts {
  const areas = Object.entries(catalogue).map(([area, texts]) => [area, spokenIn(texts, language)])
  return Object.fromEntries(areas) as Texts
}

/** The whole catalogue as each language says it. */
export const textsIn = Object.fromEntries(languages.map((language) => [language, allIn(language)])) as Readonly<
  Record<Language, Texts>
>
