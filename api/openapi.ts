import swagger, { type SwaggerTransformObject } from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import type { FastifyInstance, RouteOptions } from 'fastify'
import { createJsonSchemaTransform, createJsonSchemaTransformObject } from 'fastify-type-provider-zod'
import { problemResponses } from './schemas.ts'
import { sessionCookie } from './security/guard.ts'

const liveDescription =
  '**Live:** connect with socket.io (path `/socket.io/`), with the session cookie or with `auth: {token}`; add ' +
  '`lastNumber` and `streamId` to get exactly what was missed, then what follows. Events: `hello` {streamId, head, ' +
  'after, account, time}; `signals` {streamId, after, signals, through, head}, to be acknowledged by calling the ' +
  'callback, the next batch comes after that; `through` {streamId, through, head} when the stream went on with ' +
  'nothing for this account; `resynchronise` {reason, streamId, head} when the number is of no use: load the lists ' +
  'anew; `ended` {reason} before the service ends the connection (signedOut, rightsChanged, expired, slow, closing).'

export const referencePath = '/reference'

/** Collects the routes that are registered after it into an OpenAPI description, and serves a page to read it. */
export async function describeApi(app: FastifyInstance, version: string): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Warmcity',
        version,
        description:
          "Times named `at`, `from`, `to` and `…At` are epoch milliseconds of the service's clock (`GET /api/v1/time`), " +
          'which in a simulated city is not the real time; sessions, tokens and deliveries go by real time. Every ' +
          'error is `application/problem+json` (RFC 9457) with a stable `code`. What lies outside of an account’s ' +
          `scope is left out of lists, and is 404 by itself.\n\n${liveDescription}`,
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
      components: {
        securitySchemes: {
          session: { type: 'apiKey', in: 'cookie', name: sessionCookie },
          token: { type: 'http', scheme: 'bearer' },
        },
      },
    },
    transform: createJsonSchemaTransform({ zodToJsonConfig: { override: dropNoise } }),
    transformObject,
  })
  await app.register(swaggerUi, {
    routePrefix: referencePath,
    theme: { title: 'Warmcity API' },
    uiConfig: { layout: 'BaseLayout', docExpansion: 'none', deepLinking: true, displayRequestDuration: true },
    // No badge, font or script from another host: the page lives under the policy of the whole service.
    validatorUrl: false,
    staticCSP: false,
  })
}

/** Bounds that only say "an integer that JavaScript can hold" hide those that mean something. */
function dropNoise({ jsonSchema }: { jsonSchema: { minimum?: number; maximum?: number } }): void {
  if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum
  if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum
}

const collectSchemas = createJsonSchemaTransformObject({ zodToJsonConfig: { override: dropNoise } })

/** Every named schema comes in a form for requests and one for answers; those that nothing refers to are left out. */
const transformObject: SwaggerTransformObject = (document) => {
  const described = collectSchemas(document) as { components?: { schemas?: Record<string, object> } }
  const schemas = described.components?.schemas ?? {}
  const { components, ...rest } = described
  const wanted = new Set<string>()
  const follow = (part: object) => {
    for (const [, name] of JSON.stringify(part).matchAll(/"#\/components\/schemas\/([^"]+)"/g)) {
      const schema = name === undefined ? undefined : schemas[name]
      if (name === undefined || schema === undefined || wanted.has(name)) continue
      wanted.add(name)
      follow(schema)
    }
  }
  follow(rest)
  const kept = Object.entries(schemas).filter(([name]) => wanted.has(name))
  kept.sort(([left], [right]) => (left < right ? -1 : 1))
  return { ...rest, components: { ...components, schemas: Object.fromEntries(kept) } } as ReturnType<
    typeof collectSchemas
  >
}

/** Adds the one shape of errors to every route that is registered after it in this context. */
export function documentProblems(app: FastifyInstance): void {
  app.addHook('onRoute', (route: RouteOptions) => {
    if (!route.schema) return
    const response = route.schema.response as Record<string, unknown> | undefined
    route.schema.response = { ...response, ...problemResponses }
  })
}
