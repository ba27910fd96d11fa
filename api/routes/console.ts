import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import fastifyStatic from '@fastify/static'
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod'
import type { ApiOptions } from '../deps.ts'
import { ProblemError } from '../problems.ts'

/** Names of files under `/assets/` hold a digest of what is in them: a browser need never ask again. */
const assetsMaxAgeMs = 365 * 86_400_000

/** Where the built page expects the nonce of its response. */
const noncePlaceholder = '__CSP_NONCE__'

/** Nothing under these is a page of the console, so that a mistyped address of the api stays an error of the api. */
const notPages = /^\/(api|assets|reference|socket\.io|hooks|problems|metrics|healthz|readyz|status)(\/|$)/

interface ConsoleDeps {
  readonly options: Pick<ApiOptions, 'consoleFolder'>
}

/** Whether the web console was built into the folder. */
export const hasConsole = (folder: string): boolean => existsSync(join(folder, 'index.html'))

/** The web console: one page for all of its addresses, and the files that it loads. */
export const consoleRoutes: FastifyPluginAsyncZod<ConsoleDeps> = async (app, { options: { consoleFolder } }) => {
  if (!hasConsole(consoleFolder)) {
    app.get('/', { schema: { hide: true } }, async (_request, reply) => reply.redirect('/status'))
    return
  }

  await app.register(fastifyStatic, {
    root: join(consoleFolder, 'assets'),
    prefix: '/assets/',
    decorateReply: false,
    index: false,
    preCompressed: true,
    immutable: true,
    maxAge: assetsMaxAgeMs,
  })

  app.get('/*', { schema: { hide: true } }, async (request, reply) => {
    if (notPages.test(request.url.split('?')[0] ?? '')) throw new ProblemError('not_found')
    // Read each time: a console that is built anew beside a running service names other files.
    const page = await readFile(join(consoleFolder, 'index.html'), 'utf8')
    const nonce = randomBytes(16).toString('base64url')
    return reply
      .type('text/html; charset=utf-8')
      .header('cache-control', 'no-store')
      .header('content-security-policy', consolePolicy(nonce))
      .send(page.replaceAll(noncePlaceholder, nonce))
  })
}

/**
 * Scripts only from here. Ant Design puts style sheets into the page under the nonce; charts give style attributes to
 * their tooltips.
 */
const consolePolicy = (nonce: string): string =>
  [
    "default-src 'self'",
    "script-src 'self'",
    `style-src-elem 'self' 'nonce-${nonce}'`,
    "style-src-attr 'unsafe-inline'",
    "img-src 'self' data: blob:",
    "base-uri 'none'",
    "object-src 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join('; ')
