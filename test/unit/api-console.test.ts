import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { makeTestApi, type TestApi } from '../support/api.ts'

const script = 'export const answer = 42\n'.repeat(100)

describe('a console that is built', () => {
  let folder: string
  let api: TestApi
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'warmcity-console-'))
    mkdirSync(join(folder, 'assets'))
    writeFileSync(join(folder, 'index.html'), '<meta property="csp-nonce" nonce="__CSP_NONCE__">')
    writeFileSync(join(folder, 'assets', 'main-abc.js'), script)
    writeFileSync(join(folder, 'assets', 'main-abc.js.gz'), gzipSync(script))
    api = await makeTestApi({}, { consoleFolder: folder })
  })
  afterEach(async () => {
    await api.close()
    rmSync(folder, { recursive: true })
  })

  test('is one page at every address of a page, under a policy with a nonce of its own', async () => {
    const nonces = new Set<string>()
    for (const url of ['/', '/login', '/plants/circuit/H-1', '/alerts/alert%2Fcircuit%2FH-1%2F1']) {
      const { statusCode, headers, body } = await api.app.inject({ url })
      expect([url, statusCode, headers['cache-control']]).toEqual([url, 200, 'no-store'])
      const nonce = /nonce="([\w-]{16,})"/.exec(body)?.[1] ?? 'none'
      const policy = String(headers['content-security-policy'])
      expect(policy).toContain(`style-src-elem 'self' 'nonce-${nonce}'`)
      expect(policy).toContain("script-src 'self';")
      expect(policy).toContain("frame-ancestors 'none'")
      expect(policy).not.toMatch(/unsafe-eval|https?:|\*/)
      nonces.add(nonce)
    }
    expect(nonces.size).toBe(4)
  })

  test('has files that are kept for ever, and sent small', async () => {
    const plain = await api.app.inject({ url: '/assets/main-abc.js' })
    expect(plain.body).toBe(script)
    expect(plain.headers['cache-control']).toBe('public, max-age=31536000, immutable')
    const small = await api.app.inject({ url: '/assets/main-abc.js', headers: { 'accept-encoding': 'gzip, br' } })
    expect(small.headers['content-encoding']).toBe('gzip')
    expect(Number(small.headers['content-length'])).toBeLessThan(script.length / 2)
  })

  test('takes no address that is not a page', async () => {
    for (const url of ['/api/v1/nothing', '/api', '/assets/gone.js', '/socket.io/x', '/metrics/x']) {
      const { statusCode, headers } = await api.app.inject({ url })
      expect([url, statusCode]).toEqual([url, 404])
      expect(headers['content-type']).toContain('application/problem+json')
    }
  })
})

test('without a built console the first page leads to the status page, which says how to build it', async () => {
  const api = await makeTestApi({}, { consoleFolder: join(tmpdir(), 'no-such-console') })
  const first = await api.app.inject({ url: '/' })
  expect([first.statusCode, first.headers.location]).toEqual([302, '/status'])
  expect((await api.app.inject({ url: '/status?lang=en' })).body).toContain('npm run prepare')
  await api.close()
})
