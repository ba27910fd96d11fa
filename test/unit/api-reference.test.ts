import { readFileSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type OpenApi, operationsOf } from '../../console/api/operations-of.ts'
import { makeTestApi, type TestApi } from '../support/api.ts'

const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  version: string
}

let api: TestApi
beforeEach(async () => {
  api = await makeTestApi({}, { version })
})
afterEach(() => api.close())

const describedApi = async () => (await api.app.inject({ url: '/reference/json' })).json()

describe('the description of the api', () => {
  test('is the committed one: a change of it is a change that people see', async () => {
    await expect(`${JSON.stringify(await describedApi(), null, 2)}\n`).toMatchFileSnapshot('../../api/openapi.json')
  })

  test('is what the console knows of the api', async () => {
    const types = operationsOf((await describedApi()) as OpenApi)
    await expect(types).toMatchFileSnapshot('../../console/generated/operations.ts')
  })

  test('every operation has a summary, a tag, an answer of its own and the one shape of errors', async () => {
    const { paths } = (await describedApi()) as { paths: Record<string, Record<string, Operation>> }
    const operations = Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({ name: `${method} ${path}`, ...operation })),
    )
    expect(operations.length).toBeGreaterThan(60)
    for (const { name, summary, tags, responses } of operations) {
      expect([name, summary]).toEqual([name, expect.any(String)])
      expect([name, tags]).toEqual([name, [expect.any(String)]])
      expect([name, Object.keys(responses).some((status) => status.startsWith('2'))]).toEqual([name, true])
      if (!name.includes('/api/v1/')) continue
      const problem = { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } }
      expect([name, responses['4XX']?.content]).toEqual([name, problem])
    }
  })

  test('every operation but the public ones says how to sign in', async () => {
    const { paths } = (await describedApi()) as { paths: Record<string, Record<string, Operation>> }
    const open = Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods).flatMap(([method, { security }]) => (security ? [] : [`${method} ${path}`])),
    )
    expect(open.sort()).toEqual([
      'get /api/v1/public/buildings',
      'get /api/v1/public/buildings/{id}/heating',
      'get /api/v1/public/objection-periods',
      'get /api/v1/public/ranking-seals',
      'get /api/v1/public/rankings',
      'get /api/v1/public/rankings/{id}',
      'get /api/v1/public/rankings/{id}/record',
      // Platforms show by their own signature who they are.
      'get /api/v1/push/{source}',
      'get /api/v1/ranking-methods',
      'get /api/v1/time',
      'get /healthz',
      'get /metrics',
      'get /readyz',
      'post /api/v1/auth/login',
      'post /api/v1/public/rankings/{id}/objections',
      'post /api/v1/push/{source}',
    ])
  })

  interface Operation {
    readonly summary?: string
    readonly tags?: string[]
    readonly security?: unknown[]
    readonly responses: Record<string, { content?: object }>
  }
})

describe('the page', () => {
  test('has nothing from another host and nothing inline', async () => {
    const page = await api.app.inject({ url: '/reference/' })
    expect(page.statusCode).toBe(200)
    const sources = [...page.body.matchAll(/(?:src|href)="([^"]*)"/g)].map(([, source]) => source)
    expect(sources.length).toBeGreaterThan(3)
    for (const source of sources) expect(source).toMatch(/^\.\/|^\//)
    expect(page.body).not.toMatch(/<script>|<style|style="|onload=/)
  })

  test('is served under a policy that allows nothing else', async () => {
    for (const url of ['/reference/', '/api/v1/time', '/healthz']) {
      const { headers } = await api.app.inject({ url })
      const policy = String(headers['content-security-policy'])
      expect(policy).toContain("default-src 'self'")
      expect(policy).toContain("frame-ancestors 'none'")
      expect(policy).not.toMatch(/unsafe|https?:|\*/)
    }
  })

  test('every file that it needs is there', async () => {
    for (const file of ['swagger-ui.css', 'swagger-ui-bundle.js', 'swagger-initializer.js']) {
      expect((await api.app.inject({ url: `/reference/static/${file}` })).statusCode).toBe(200)
    }
  })
})
