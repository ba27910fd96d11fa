import { type MetricName, metricNames, metrics } from './metric.ts'

/**
 * What telemetry is called in a time series database. Writers, questions, dashboards and documents take the names from
 * here, so that none of them can speak of what another does not write.
 */

interface Field {
  readonly type: 'float' | 'integer' | 'text'
  /** Empty for counts, states and texts. */
  readonly unit: string
  readonly description: string
}

interface Measurement {
  readonly name: string
  /**
   * Who may ask a database sees all of it. Readings of single homes and figures of few homes stand in `readings`;
   * `rollUps` holds nothing that speaks of fewer than ten measured homes.
   */
  readonly database: 'readings' | 'rollUps'
  readonly description: string
  readonly tags: Readonly<Record<string, string>>
  readonly fields: Readonly<Record<string, Field>>
}

const integer = (description: string, unit = ''): Field => ({ type: 'integer', unit, description })
const float = (description: string, unit: string): Field => ({ type: 'float', unit, description })
const textField = (description: string): Field => ({ type: 'text', unit: '', description })

/** From place to city: each home counts in one building and one circuit, and in all that these belong to. */
export const rollUpLevels = ['building', 'circuit', 'substation', 'source', 'firm', 'district', 'city'] as const
export type RollUpLevel = (typeof rollUpLevels)[number]

/** Figures of homes. A home is measured in a period when a good reading of it is fresh enough to speak for the period. */
export const homeFields = {
  dwellings_heated: integer('homes with a heating contract in force'),
  dwellings_probed: integer('heated homes with at least one probe'),
  dwellings_measured: integer('heated homes of which a temperature is known in the period'),
  dwellings_below_target: integer('measured homes below target by more than the tolerance of the probe'),
  dwellings_below_16: integer('measured homes below 16 °C; they count below target, too'),
  dwellings_below_12: integer('measured homes below 12 °C; they count below 16, too'),
  dwellings_below_5: integer('measured homes below 5 °C; they count below 12, too'),
  degree_hours_below_target: float(
    'kelvin hours that were missing to the target in the period, all homes together',
    'Kh',
  ),
  indoor_p10_c: float('a tenth of the measured homes is as cold as this or colder', '°C'),
  indoor_p50_c: float('half of the measured homes are as cold as this or colder', '°C'),
  indoor_p90_c: float('nine tenths of the measured homes are as cold as this or colder', '°C'),
  indoor_mean_c: float('mean of the measured homes', '°C'),
  target_c: float('what the policy in force demands; absent out of season', '°C'),
  probes_expected: integer('probes in heated homes'),
  probes_reporting: integer('probes that reported within their interval and its grace'),
  coverage_share: float('probes_reporting by probes_expected, 0 to 1', '1'),
} as const satisfies Record<string, Field>

/** Flags that are open at the end of the period, by the tier that the policy gives their rule. */
export const flagFields = {
  flags_notice: integer('open flags of tier notice (below target)'),
  flags_warning: integer(
    'open flags of tier warning (below 16 °C, supply under the curve, station alarm, plant silent)',
  ),
  flags_serious: integer('open flags of tier serious (below 12 °C, no flow)'),
  flags_danger: integer('open flags of tier danger (below 5 °C)'),
} as const satisfies Record<string, Field>

/** What a home's probe sends, and what stands among the weather. */
const notOfPlants = [
  'indoor_temperature_c',
  'humidity_pct',
  'battery_pct',
  'signal_strength_dbm',
  'outdoor_temperature_c',
] as const satisfies readonly MetricName[]
export type PlantMetric = Exclude<MetricName, (typeof notOfPlants)[number]>
export const isPlantMetric = (name: MetricName): name is PlantMetric =>
  !(notOfPlants as readonly MetricName[]).includes(name)
const plantMetrics = metricNames.filter(isPlantMetric)

/** What follows from a plant's values. */
export const derivedPlantFields = {
  curve_supply_c: float(
    "secondary supply that the plant's heating curve asks for in this weather; of a source the primary",
    '°C',
  ),
  curve_return_c: float(
    "secondary return that the plant's heating curve asks for in this weather; of a source the primary",
    '°C',
  ),
  primary_differential_pressure_mpa: float('primary supply less primary return', 'MPa'),
  secondary_differential_pressure_mpa: float('secondary supply less secondary return', 'MPa'),
  make_up_share_pct: float('make-up flow by secondary flow', '%'),
} as const satisfies Record<string, Field>

export const weatherFields = {
  outdoor_temperature_c: float('outdoor temperature: observed for the district, else by the plant itself', '°C'),
} as const satisfies Record<string, Field>

export const nameFields = {
  name: textField('name of the place'),
  name_en: textField('English name, where the registry has one; else the name'),
  label: textField(
    'name and id, as "南岗区 (nangang)": lists of places to choose from show the one and mean the other',
  ),
  label_en: textField('English name and id'),
} as const satisfies Record<string, Field>

const plantFields = Object.fromEntries(
  plantMetrics.map((name) => [name, float(`newest good ${name} in the period`, metrics[name].unit)]),
) as Readonly<Record<PlantMetric, Field>>

/** What annotations tell of. */
export const markKinds = ['seasonBegins', 'seasonEnds', 'listPublished', 'plannedWork'] as const
export type MarkKind = (typeof markKinds)[number]

/** A name with the id that it stands for. */
export const labelOf = (name: string, id: string): string => `${name} (${id})`

export const measurements = {
  reading: {
    name: 'reading',
    database: 'readings',
    description: 'one reading of one device',
    tags: { device: 'id of the device', metric: 'name from the dictionary of metrics, unit included' },
    fields: {
      value: float('as measured', 'of the metric'),
      quality: integer('QARTOD: 1 good, 2 unknown, 3 suspect, 4 fail, 9 missing'),
    },
  },
  rollUp: {
    name: 'roll_up',
    database: 'rollUps',
    description: 'ten minutes of a place; its time is the beginning of the period',
    tags: {
      level: rollUpLevels.join(', '),
      id: 'id of the place at its level; of the city the id of its territory',
      district: 'district that the place lies in; of plants and below',
      firm: 'firm that answers for the place; of plants and below',
      source:
        'source that feeds the place, the first by id where there are several; of circuits, substations and buildings',
      substation: 'substation of a circuit or building',
      circuit: 'circuit that feeds most homes of a building',
    },
    fields: { ...homeFields, ...flagFields, ...weatherFields, ...plantFields, ...derivedPlantFields, ...nameFields },
  },
  firmScore: {
    name: 'firm_score',
    database: 'rollUps',
    description: 'a firm on a published list; its time is that of publication',
    tags: { firm: 'id of the firm', list: 'id of the list' },
    fields: {
      score: float('scaled score', 'points'),
      interval_low: float('lower end of the 95 % interval', 'points'),
      interval_high: float('upper end of the 95 % interval', 'points'),
      assessed_share: float('points assessed by points of the method, 0 to 1', '1'),
      rank: integer('1 is best; absent where nothing is assessed'),
      standing: textField('red, yellow, black, interim or noData'),
      ...nameFields,
    },
  },
  firmItem: {
    name: 'firm_item',
    database: 'rollUps',
    description: "one item of a firm's score on a published list; its time is that of publication",
    tags: { firm: 'id of the firm', list: 'id of the list', item: 'id of the item in the method' },
    fields: {
      points: float('points given; absent where the item is not assessed', 'points'),
      full_points: float('points of the item in the method', 'points'),
      item_zh: textField('Chinese name of the item'),
      item_en: textField('English name of the item'),
    },
  },
  mark: {
    name: 'mark',
    database: 'rollUps',
    description: 'what annotations show',
    tags: { kind: markKinds.join(', ') },
    fields: {
      text_zh: textField('in Chinese'),
      text_en: textField('in English'),
      reference: textField('id of the list, season or exclusion'),
      ends_at: integer('end of planned work, epoch milliseconds; absent where a mark is a moment', 'ms'),
    },
  },
  serviceFigure: {
    name: 'service_figure',
    database: 'rollUps',
    description: "one of the service's own figures, the same as on /metrics",
    tags: {
      service: 'edge or api',
      instance: 'which of several: the number of the ingest worker, or host and port of the api',
      figure: 'name as on /metrics, such as warmcity_ingest_journal_bytes',
    },
    fields: { value: float('as on /metrics', 'of the figure') },
  },
} as const satisfies Record<string, Measurement>

/** Numbers of a roll-up, without the names of the place. */
export type RollUpFigure = Exclude<keyof typeof measurements.rollUp.fields, keyof typeof nameFields>
export const rollUpFigures = Object.keys(measurements.rollUp.fields).filter(
  (name) => !Object.hasOwn(nameFields, name),
) as RollUpFigure[]
