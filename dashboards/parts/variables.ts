import type { Builder } from '@grafana/grafana-foundation-sdk/cog'
import {
  ConstantVariableBuilder,
  QueryVariableBuilder,
  TextBoxVariableBuilder,
  VariableHide,
  type VariableModel,
  VariableRefresh,
  VariableSort,
} from '@grafana/grafana-foundation-sdk/dashboard'
import { measurements, type RollUpLevel } from '#domain/telemetry-names.ts'
import { type Condition, fieldIs, tagIs } from '../influxql/condition.ts'
import { last } from '../influxql/expression.ts'
import { from, query, tagValues } from '../influxql/query.ts'
import { variableTexts } from '../texts/common.ts'
import type { Language, Said } from '../texts/said.ts'
import { dataSources } from './data-sources.ts'
import { newestTime } from './figures.ts'

const { rollUp } = measurements
type RollUpTag = keyof typeof rollUp.tags

/** What "all" stands for: also places that lack the tag. */
const anything = '.*'

/** A label is "name (id)": the list shows the name, and queries get the id. */
const labelPattern = String.raw`/^(?<text>.*) \((?<value>[^()]*)\)$/`

interface PlaceVariable {
  readonly name: string
  readonly label: Said
  readonly level: RollUpLevel
  /** What is chosen in the variables before it. */
  readonly within?: readonly Condition<RollUpTag>[]
  /** Several or all can be chosen; otherwise one. */
  readonly several?: boolean
}

/** Places of a level to choose from, by name: those that were there at the end of the shown time. */
export function placeVariable(
  { name, label, level, within = [], several = false }: PlaceVariable,
  language: Language,
): Builder<VariableModel> {
  const column = language === 'zh' ? 'label' : 'label_en'
  const labels = query(from(rollUp), {
    select: { label: last(column) },
    // A firm that only makes heat has no homes, and nothing to show where homes are asked for.
    where: [tagIs('level', level), ...within, ...(level === 'firm' ? [fieldIs('dwellings_heated', '>', 0)] : [])],
    time: newestTime,
    groupBy: ['id'],
  })
  const variable = queryVariable(name, labels.text).label(label[language]).regex(labelPattern)
  if (!several) return variable.multi(false).includeAll(false)
  const all = chooseAll(variable, language)
  // The builder does not know the field; the schema does.
  return { build: () => ({ ...all.build(), allValue: anything }) }
}

/** Values of a tag that another variable is narrowed by; nobody chooses among them. */
export const hiddenTagVariable = (
  name: string,
  tag: RollUpTag,
  within: readonly Condition<RollUpTag>[],
  language: Language,
): Builder<VariableModel> =>
  chooseAll(queryVariable(name, tagValues(rollUp, tag, within)), language).hide(VariableHide.HideVariable)

function queryVariable(name: string, text: string): QueryVariableBuilder {
  return new QueryVariableBuilder(name)
    .datasource(dataSources.rollUps)
    .query(text)
    .definition(text)
    .refresh(VariableRefresh.OnTimeRangeChanged)
    .sort(VariableSort.AlphabeticalAsc)
}

const chooseAll = (variable: QueryVariableBuilder, language: Language): QueryVariableBuilder =>
  variable
    .multi(true)
    .includeAll(true)
    .current({ selected: true, text: [variableTexts.all[language]], value: ['$__all'] })

/** Where the console is: the same for everybody who looks at these dashboards. */
export const consoleVariable = (url: string, language: Language): Builder<VariableModel> =>
  new ConstantVariableBuilder('console').label(variableTexts.console[language]).value(url)

/** A device by its id; a list of all of them would be too long to choose from. */
export const deviceVariable = (language: Language): Builder<VariableModel> =>
  new TextBoxVariableBuilder('device').label(variableTexts.device[language]).defaultValue('')
