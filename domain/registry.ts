import { z } from 'zod'
import { addressSchema, fieldColumns, mappingColumns, topicFilterSchema, unitProblem } from './payload-mapping.ts'
import { reservedGatewayIds } from './topics.ts'

/**
 * The city: who is where, who feeds whom, who answers for what. One schema a table; the same schema reads CSV, JSON
 * and API bodies. Tables named `…Period` and the two relations hold what is valid from a time until a time; a later
 * entry never overwrites an earlier one. Column order here is column order in CSV.
 */

export const idSchema = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/,
    'an id has 1 to 64 letters, digits, "_", "." or "-", and begins with a letter or digit',
  )
const nameSchema = z.string().trim().min(1).max(120)
const optionalName = nameSchema.optional()

/** ISO 8601 with offset or "Z", kept as epoch milliseconds. */
export const instantSchema = z.union([
  z.number().int(),
  z.iso.datetime({ offset: true }).transform((text) => Date.parse(text)),
])
const validFrom = instantSchema
const validTo = instantSchema.optional()

export const territoryKinds = ['city', 'district', 'subdistrict', 'community', 'estate'] as const
export const territorySchema = z.strictObject({
  id: idSchema,
  kind: z.enum(territoryKinds),
  /** Every kind but `city` has a parent of the kind before it. */
  parent: idSchema.optional(),
  name: nameSchema,
  name_en: optionalName,
})
export type Territory = z.infer<typeof territorySchema>

export const firmRoles = ['supplier', 'source', 'both'] as const
export const firmSchema = z.strictObject({
  id: idSchema,
  name: nameSchema,
  name_en: optionalName,
  role: z.enum(firmRoles),
  phone: z.string().max(40).optional(),
})

export const sourceKinds = ['boilerRoom', 'chp', 'peakBoiler'] as const
export const sourceSchema = z.strictObject({
  id: idSchema,
  kind: z.enum(sourceKinds),
  district: idSchema,
  name: nameSchema,
  name_en: optionalName,
})

export const substationSchema = z.strictObject({
  id: idSchema,
  /** Any territory node. */
  territory: idSchema,
  name: nameSchema,
  name_en: optionalName,
})

export const zones = ['low', 'middle', 'high'] as const
export const circuitSchema = z.strictObject({
  id: idSchema,
  substation: idSchema,
  zone: z.enum(zones),
  pumps: z.coerce.number().int().min(1).max(12),
  name: nameSchema,
  name_en: optionalName,
})

/** Which sources feed a substation. */
export const substationSourceSchema = z.strictObject({
  substation: idSchema,
  source: idSchema,
  valid_from: validFrom,
  valid_to: validTo,
})

export const heatingTypes = ['radiator', 'floor'] as const
export const plantKinds = ['source', 'substation', 'circuit'] as const
/** Who operates a plant, and how it is meant to run. A circuit without an entry has its substation's. */
export const plantPeriodSchema = z.strictObject({
  plant_kind: z.enum(plantKinds),
  plant: idSchema,
  firm: idSchema,
  valid_from: validFrom,
  valid_to: validTo,
  /** Design supply and return temperature in °C at the design outdoor temperature: the heating curve's end. */
  design_supply_c: z.coerce.number().min(20).max(180).optional(),
  design_return_c: z.coerce.number().min(15).max(120).optional(),
})
export type PlantPeriod = z.infer<typeof plantPeriodSchema>

export const buildingSchema = z.strictObject({
  id: idSchema,
  estate: idSchema,
  name: nameSchema,
  name_en: optionalName,
  floors: z.coerce.number().int().min(1).max(120),
  built_year: z.coerce.number().int().min(1850).max(2100).optional(),
})

export const entranceSchema = z.strictObject({ id: idSchema, building: idSchema, name: nameSchema })

export const riserSchema = z.strictObject({ id: idSchema, entrance: idSchema, name: nameSchema })

export const dwellingSchema = z.strictObject({
  id: idSchema,
  entrance: idSchema,
  riser: idSchema.optional(),
  /** Door number as on the door. */
  door: z.string().trim().min(1).max(40),
})

export const positions = ['middle', 'gable', 'top', 'ground', 'topGable', 'groundGable'] as const
export const contracts = ['heated', 'suspended', 'notConnected'] as const
/** What holds of a dwelling from a time until a time. Only heated dwellings have a target. */
export const dwellingPeriodSchema = z.strictObject({
  dwelling: idSchema,
  circuit: idSchema,
  valid_from: validFrom,
  valid_to: validTo,
  heated_area_m2: z.coerce.number().positive().max(5000),
  floor: z.coerce.number().int().min(-5).max(120),
  position: z.enum(positions),
  heating_type: z.enum(heatingTypes),
  contract: z.enum(contracts),
})
export type DwellingPeriod = z.infer<typeof dwellingPeriodSchema>

export const gatewaySchema = z.strictObject({
  id: idSchema.refine(
    (id) => !(reservedGatewayIds as readonly string[]).includes(id),
    'this id is a topic of the service',
  ),
  /** Territory node where it is installed: decides who sees it. */
  territory: idSchema,
  name: optionalName,
})

export const deviceKinds = ['probe', 'plantSensor', 'weatherStation'] as const
export const deviceSchema = z.strictObject({
  id: idSchema,
  kind: z.enum(deviceKinds),
  model: z.string().max(80).optional(),
})

/** Who sees to it that a probe measures. */
export const probeKeepers = ['firm', 'city', 'resident', 'carrier', 'maker'] as const
export const placeKinds = ['dwelling', 'source', 'substation', 'circuit', 'district'] as const
/** Where a device is, who carries its messages, and how often it measures and reports. */
export const devicePeriodSchema = z.strictObject({
  device: idSchema,
  gateway: idSchema,
  place_kind: z.enum(placeKinds),
  place: idSchema,
  valid_from: validFrom,
  valid_to: validTo,
  sampling_interval_s: z.coerce.number().int().min(1).max(86_400),
  reporting_interval_s: z.coerce.number().int().min(1).max(86_400),
  /** Stated measuring tolerance in kelvin; a dwelling is below target only when below it by more than this. */
  tolerance_k: z.coerce.number().min(0).max(5).default(0.3),
  /** Who answers for what the device does not tell; without an entry, the firm that heats the home. */
  keeper: z.enum(probeKeepers).optional(),
})
export type DevicePeriod = z.infer<typeof devicePeriodSchema>

/** How payloads of a maker are read. See `payload-mapping.ts` for the columns. */
export const payloadMappingSchema = z.strictObject({ id: idSchema, ...mappingColumns })

/** Which field of a mapping's payloads is which metric. */
export const payloadFieldSchema = z.strictObject({ mapping: idSchema, ...fieldColumns }).superRefine((row, context) => {
  const message = unitProblem(row)
  if (message) context.addIssue({ code: 'custom', path: ['unit'], message })
})

/** By which mapping a gateway's foreign topics are read. */
export const foreignTopicSchema = z.strictObject({ gateway: idSchema, topic: topicFilterSchema, mapping: idSchema })

/**
 * Which device an address in a gateway's foreign payloads is. Where one address has several sensors, "address#field"
 * stands for one of them. Without a device the address is known and not wanted.
 */
export const foreignDeviceSchema = z.strictObject({
  gateway: idSchema,
  address: addressSchema,
  device: idSchema.optional(),
  valid_from: validFrom,
  valid_to: validTo,
})

/**
 * Tables in the order in which they can be loaded. `key` names the columns that identify an entry; a later import of
 * the same key is a correction that takes its place. `references` says which table's id a column holds; a
 * polymorphic column (`plant`, `place`) names its kind column.
 */
export const registryTables = {
  territory: { schema: territorySchema, key: ['id'], references: { parent: 'territory' } },
  firm: { schema: firmSchema, key: ['id'], references: {} },
  source: { schema: sourceSchema, key: ['id'], references: { district: 'territory' } },
  substation: { schema: substationSchema, key: ['id'], references: { territory: 'territory' } },
  circuit: { schema: circuitSchema, key: ['id'], references: { substation: 'substation' } },
  substation_source: {
    schema: substationSourceSchema,
    key: ['substation', 'source', 'valid_from'],
    references: { substation: 'substation', source: 'source' },
  },
  plant_period: {
    schema: plantPeriodSchema,
    key: ['plant_kind', 'plant', 'valid_from'],
    references: { plant: { kindColumn: 'plant_kind' }, firm: 'firm' },
  },
  building: { schema: buildingSchema, key: ['id'], references: { estate: 'territory' } },
  entrance: { schema: entranceSchema, key: ['id'], references: { building: 'building' } },
  riser: { schema: riserSchema, key: ['id'], references: { entrance: 'entrance' } },
  dwelling: { schema: dwellingSchema, key: ['id'], references: { entrance: 'entrance', riser: 'riser' } },
  dwelling_period: {
    schema: dwellingPeriodSchema,
    key: ['dwelling', 'valid_from'],
    references: { dwelling: 'dwelling', circuit: 'circuit' },
  },
  gateway: { schema: gatewaySchema, key: ['id'], references: { territory: 'territory' } },
  device: { schema: deviceSchema, key: ['id'], references: {} },
  device_period: {
    schema: devicePeriodSchema,
    key: ['device', 'valid_from'],
    references: { device: 'device', gateway: 'gateway', place: { kindColumn: 'place_kind' } },
  },
  payload_mapping: { schema: payloadMappingSchema, key: ['id'], references: {} },
  payload_field: { schema: payloadFieldSchema, key: ['mapping', 'field'], references: { mapping: 'payload_mapping' } },
  foreign_topic: {
    schema: foreignTopicSchema,
    key: ['gateway', 'topic'],
    references: { gateway: 'gateway', mapping: 'payload_mapping' },
  },
  foreign_device: {
    schema: foreignDeviceSchema,
    key: ['gateway', 'address', 'valid_from'],
    references: { gateway: 'gateway', device: 'device' },
  },
} as const

export type RegistryTable = keyof typeof registryTables
export const registryTableNames = Object.keys(registryTables) as RegistryTable[]
/** A valid row of a registry table. */
export type RegistryRow<T extends RegistryTable> = z.infer<(typeof registryTables)[T]['schema']>

/** One thing wrong with an import, in the words that the person who made the file needs. */
export interface ImportProblem {
  readonly file: string
  /** 1-based line of the file; for JSON the 1-based index of the row. */
  readonly line: number
  readonly column: string
  readonly reason: string
}
