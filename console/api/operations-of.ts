/** The parts of an OpenAPI 3.1 document that types are made of. */
export interface OpenApi {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> }
}

interface Operation {
  readonly parameters?: readonly {
    readonly in: string
    readonly name: string
    readonly required?: boolean
    readonly schema: Schema
  }[]
  readonly requestBody?: { readonly required?: boolean; readonly content: Content }
  readonly responses: Readonly<Record<string, { readonly content?: Content }>>
}

type Content = Readonly<Record<string, { readonly schema?: Schema }>>

interface Schema {
  readonly $ref?: string
  readonly type?: string | readonly string[]
  readonly const?: unknown
  readonly enum?: readonly unknown[]
  readonly anyOf?: readonly Schema[]
  readonly oneOf?: readonly Schema[]
  readonly allOf?: readonly Schema[]
  readonly items?: Schema
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly additionalProperties?: boolean | Schema
}

/**
 * TypeScript for everything that an OpenAPI document describes: `Schemas` by name, and `Operations` by method and
 * path. A test keeps the committed file at what this gives.
 */
export function operationsOf(document: OpenApi): string {
  const schemas = Object.entries(document.components.schemas).map(
    ([name, schema]) => `  ${JSON.stringify(name)}: ${typeOf(schema)}`,
  )
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(
      ([method, operation]) => `  ${JSON.stringify(`${method.toUpperCase()} ${path}`)}: ${operationType(operation)}`,
    ),
  )
  return [
    '// Made from api/openapi.json: npx vitest run test/unit/api-reference.test.ts -u',
    '',
    `export interface Schemas {\n${schemas.join('\n')}\n}`,
    '',
    `export interface Operations {\n${operations.join('\n')}\n}`,
    '',
  ].join('\n')
}

function operationType(operation: Operation): string {
  const input = (place: string) => (operation.parameters ?? []).filter((parameter) => parameter.in === place)
  const fields = (place: string) =>
    `{ ${input(place)
      .map(({ name, required, schema }) => `${JSON.stringify(name)}${required ? '' : '?'}: ${typeOf(schema)}`)
      .join('; ')} }`
  const body = operation.requestBody?.content['application/json']?.schema
  return `{ params: ${fields('path')}; query: ${fields('query')}; body: ${body ? typeOf(body) : 'undefined'}; answer: ${answerType(operation)} }`
}

function answerType({ responses }: Operation): string {
  const good = Object.entries(responses).filter(([status]) => status.startsWith('2'))
  const types = good.map(([, { content }]) => {
    const schema = content?.['application/json']?.schema
    return schema ? typeOf(schema) : 'undefined'
  })
  return [...new Set(types)].join(' | ') || 'undefined'
}

function typeOf(schema: Schema): string {
  if (schema.$ref !== undefined) return `Schemas[${JSON.stringify(schema.$ref.split('/').at(-1))}]`
  if ('const' in schema) return JSON.stringify(schema.const)
  if (schema.enum) return unionOf(schema.enum.map((value) => JSON.stringify(value)))
  const alternatives = schema.anyOf ?? schema.oneOf
  if (alternatives) return unionOf(alternatives.map(typeOf))
  if (schema.allOf) return schema.allOf.map((part) => `(${typeOf(part)})`).join(' & ')
  if (typeof schema.type !== 'string' && schema.type)
    return unionOf(schema.type.map((type) => typeOf({ ...schema, type })))
  return plainTypeOf(schema)
}

function plainTypeOf(schema: Schema): string {
  switch (schema.type) {
    case 'string':
    case 'boolean':
    case 'null':
      return schema.type
    case 'number':
    case 'integer':
      return 'number'
    case 'array':
      return `(${schema.items ? typeOf(schema.items) : 'unknown'})[]`
    case 'object':
      return objectType(schema)
    default:
      return 'unknown'
  }
}

function objectType({ properties, required = [], additionalProperties }: Schema): string {
  const named = Object.entries(properties ?? {}).map(
    ([name, schema]) => `${JSON.stringify(name)}${required.includes(name) ? '' : '?'}: ${typeOf(schema)}`,
  )
  const isMap = typeof additionalProperties === 'object' && named.length === 0
  if (isMap) return `Record<string, ${typeOf(additionalProperties)}>`
  return `{ ${named.join('; ')} }`
}

const unionOf = (types: readonly string[]): string => [...new Set(types)].join(' | ') || 'never'
