import type { Builder, Dataquery } from '@grafana/grafana-foundation-sdk/cog'
import { type AnnotationQuery, AnnotationQueryBuilder } from '@grafana/grafana-foundation-sdk/dashboard'
import { type MarkKind, measurements } from '#domain/telemetry-names.ts'
import { tagIsOneOf } from '../influxql/condition.ts'
import { column } from '../influxql/expression.ts'
import { from, query } from '../influxql/query.ts'
import { annotationTexts } from '../texts/common.ts'
import type { Language, Said } from '../texts/said.ts'
import { type Colour, colours } from './colours.ts'
import { dataSources } from './data-sources.ts'

interface MarkLayer {
  readonly name: Said
  readonly kinds: readonly [MarkKind, ...MarkKind[]]
  readonly colour: Colour
}

const layers: readonly MarkLayer[] = [
  { name: annotationTexts.season, kinds: ['seasonBegins', 'seasonEnds'], colour: colours.green },
  { name: annotationTexts.lists, kinds: ['listPublished'], colour: colours.purple },
  { name: annotationTexts.plannedWork, kinds: ['plannedWork'], colour: colours.grey },
]

/** What happened in the city, drawn into every chart of a dashboard; each layer can be switched off. */
export const markAnnotations = (language: Language): Builder<AnnotationQuery>[] =>
  layers.map(({ name, kinds, colour }) => {
    const made = new AnnotationQueryBuilder()
      .name(name[language])
      .datasource(dataSources.rollUps)
      .enable(true)
      .iconColor(colour)
      .target(markTarget(kinds, language))
      .build()
    // Its switch stands in the open, not in a menu, where the SDK puts it.
    const { placement: _, ...inTheOpen } = made
    return { build: () => inTheOpen }
  })

/** Grafana's InfluxDB data source reads text, tags and end of an annotation from the columns that are named here. */
function markTarget(kinds: MarkLayer['kinds'], language: Language): Builder<Dataquery> {
  const marks = query(from(measurements.mark), {
    select: {
      text: column(language === 'zh' ? 'text_zh' : 'text_en'),
      reference: column('reference'),
      ends: column('ends_at'),
    },
    where: [tagIsOneOf('kind', kinds)],
    time: 'shown',
  })
  const target = {
    refId: 'Anno',
    query: marks.text,
    queryType: 'tags',
    fromAnnotations: true,
    textColumn: 'text',
    tagsColumn: 'reference',
    timeEndColumn: 'ends',
    titleColumn: '',
    name: kinds.join(' '),
    _implementsDataqueryVariant() {},
  }
  return { build: () => target }
}
