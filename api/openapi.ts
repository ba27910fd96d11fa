import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import type { FastifyInstance, RouteOptions } from 'fastify'
import { jsonSchemaTransform, jsonSchemaTransformObject } from 'fastify-type-provider-zod'
import { problemResponses } from './schemas.ts'
import { sessionCookie } from './security/guard.ts'

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
          'error is `application/problem+json` (RFC 9457) with a stable `code`.',
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
      components: {
        securitySchemes: {
          session: { type: 'apiKey', in: 'cookie', name: sessionCookie },
          token: { type: 'http', scheme: 'bearer' },
        },
      },
    },
    transform: jsonSchemaTransform,
    transformObject: jsonSchemaTransformObject,
  })
  await app.register(swaggerUi, {
    routePrefix: referencePath,
    uiConfig: { docExpansion: 'none', deepLinking: true, displayRequestDuration: true, tryItOutEnabled: false },
    // The page's own policy stays that of the whole service: no badge, font or script from another host.
    validatorUrl: false,
    staticCSP: false,
  })
}

/** Adds the one shape of errors to every route that is registered after it in this context. */
export function documentProblems(app: FastifyInstance): void {
  app.addHook('onRoute', (route: RouteOptions) => {
    if (!route.schema) return
    const response = route.schema.response as Record<string, unknown> | undefined
    route.schema.response = { ...response, ...problemResponses }
  })
}
