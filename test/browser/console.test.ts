import { execFileSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { connectAsync, type MqttClient } from 'mqtt'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type HttpClient, signIn } from '../support/http-client.ts'
import { hasProgram } from '../support/required-programs.ts'
import { newDataFolder, type RunningService, startService } from '../support/service.ts'
import { settled, violations } from './axe.ts'
import { type Cookies, launchBrowser, newVisitor, signInOn, type Visitor } from './browser.ts'
import { allVisits, type Visit } from './visits.ts'

const suite = 'the console in a browser'
const prepare = fileURLToPath(new URL('../../console/prepare.mjs', import.meta.url))
const smallCity = ['--dwellings', '500', '--history-days', '1', '--seed', '7']

describe.runIf(hasProgram('chromium', suite))(suite, { timeout: 180_000 }, () => {
  const data = newDataFolder()
  let service: RunningService
  let base: string
  let password: string
  let gateway: MqttClient
  let regulator: HttpClient
  let admin: HttpClient
  let browser: Browser
  let visitor: Visitor
  /** Somebody's home, with the probe that a newcomer is told to try. */
  let demoHome: { id: string; territory: readonly string[] }

  beforeAll(async () => {
    // What is looked at is what the sources say now, not what an install built from them once.
    execFileSync(process.execPath, [prepare], { stdio: 'inherit' })
    service = await startService(data, smallCity)
    base = service.addresses.http
    password = service.password()
    const secret = service.found(/ -P (\S+)/)
    await service.printed('history 100 %')
    regulator = await signIn(base, 'regulator', password)
    admin = await signIn(base, 'admin', password)
    await regulator.until<{ catchingUp: boolean }>('/time', ({ catchingUp }) => !catchingUp)
    gateway = await connectAsync(service.addresses.mqtt, { clientId: 'G-DEMO', username: 'G-DEMO', password: secret })
    const { device_period: periods } = await regulator.get<{ device_period: { place: string }[] }>(
      '/registry/device/P-DEMO',
    )
    const id = periods[0]?.place ?? ''
    const { where } = await regulator.get<{ where: { territory: string[] } }>(`/dwellings/${id}`)
    demoHome = { id, territory: where.territory }
    browser = await launchBrowser()
    visitor = await newVisitor(browser, { base, cookies: sessionOf(regulator) })
  }, 180_000)

  afterAll(async () => {
    await browser?.close()
    await gateway?.endAsync()
    await service?.stop()
    rmSync(data, { recursive: true, force: true })
  })

  const sessionOf = ({ cookie }: HttpClient): Cookies => {
    const [name = '', value = ''] = cookie.split('=')
    return [{ name, value, url: base }]
  }

  /** The home's probe says it twice: once may be a mistake. */
  async function measure(celsius: number): Promise<void> {
    const payload = JSON.stringify({ device: 'P-DEMO', values: { indoor_temperature_c: celsius } })
    for (let sent = 0; sent < 2; sent += 1) {
      await gateway.publishAsync('heating/v1/G-DEMO/readings', payload, { qos: 1 })
    }
  }

  /** All pages, in a city where something is wrong. */
  async function everyVisit(): Promise<readonly Visit[]> {
    await measure(11)
    return allVisits(regulator)
  }

  const rowOf = (page: Page, rule: string) =>
    page.locator(`[role=row]:has(a[href="/dwellings/${demoHome.id}"])`, { hasText: rule })

  test('a wrong password is said, and nothing of the city is shown', async () => {
    const stranger = await newVisitor(browser, { base })
    const page = await stranger.open('/flags')
    await page.locator('#account').fill('regulator')
    await page.locator('#password').fill('not the password')
    await page.locator('button[type=submit]').click()
    await page.getByText('账号或密码不正确').waitFor()
    expect(new URL(page.url()).pathname).toBe('/login')
    await signInOn(page, 'regulator', password)
    expect(new URL(page.url()).pathname).toBe('/flags')
    await stranger.close()
  })

  test.each([
    ['admin', true, true],
    ['regulator', true, false],
    ['street', true, false],
    ['community', false, false],
    ['dispatcher', true, false],
    ['team', false, false],
    ['viewer', false, false],
  ])('%s signs in and sees gateways: %s, accounts: %s', async (account, gateways, accounts) => {
    const somebody = await newVisitor(browser, { base, language: 'en' })
    const page = await somebody.open('/')
    await signInOn(page, account, password)
    const navigation = page.getByRole('navigation', { name: 'Main navigation' })
    await navigation.getByRole('link', { name: 'City' }).waitFor()
    expect(await navigation.locator('a[href="/gateways"]').count()).toBe(gateways ? 1 : 0)
    expect(await navigation.locator('a[href="/accounts"]').count()).toBe(accounts ? 1 : 0)
    if (!accounts) {
      await page.goto('/accounts')
      await page.getByText('Not permitted').waitFor()
    }
    expect(somebody.complaints).toEqual([])
    await somebody.close()
  })

  test('a dwelling turns cold: the city, the list of flags and its own page show it without reload', async () => {
    const [city, flags, dwelling] = await Promise.all(
      ['/', '/flags', `/dwellings/${demoHome.id}`].map((path) => visitor.open(path)),
    )
    if (!city || !flags || !dwelling) throw new Error('a page did not open')
    for (const page of [city, flags, dwelling]) await page.locator('.connection[data-kind=live]').waitFor()
    await measure(11)
    await rowOf(flags, '室温低于 12 °C').waitFor()
    await dwelling.locator('.tier', { hasText: '室温低于 12 °C' }).first().waitFor()
    await city.locator('.news li', { hasText: '室温低于 12 °C' }).first().waitFor()
    for (const page of [city, flags, dwelling]) await page.close()
  })

  test('the connection is cut and heals, and nothing is missing', async () => {
    const apart = await newVisitor(browser, { base, cookies: sessionOf(regulator) })
    const page = await apart.open('/flags')
    await page.locator('.connection[data-kind=live]').waitFor()
    await apart.context.setOffline(true)
    await page.locator('.connection[data-kind=disconnected]').waitFor()
    await measure(4)
    await regulator.until<{ items: unknown[] }>(
      `/flags?subjectKind=dwelling&subject=${demoHome.id}&rule=below5`,
      ({ items }) => items.length > 0,
    )
    expect(await rowOf(page, '室温低于 5 °C').count()).toBe(0)
    await apart.context.setOffline(false)
    await page.locator('.connection[data-kind=live]').waitFor()
    await rowOf(page, '室温低于 5 °C').waitFor()
    await apart.close()
  })

  test('an account of another place receives nothing of it, in pages or over the socket', async () => {
    const other = await newVisitor(browser, { base, language: 'en', cookies: sessionOf(await somebodyElsewhere()) })
    const received: string[] = []
    const page = await other.context.newPage()
    page.on('response', async (response) => {
      if (response.url().includes('/api/')) received.push(await response.text().catch(() => ''))
    })
    page.on('websocket', (socket) => socket.on('framereceived', ({ payload }) => received.push(String(payload))))
    await page.goto('/flags')
    await page.locator('.connection[data-kind=live]').waitFor()
    await measure(18)
    await measure(10.5)
    const { head } = await regulator.get<{ head: number }>('/signals?after=0&limit=1')
    await page.goto('/signals')
    await page.locator('.connection[data-kind=live]').waitFor()
    await page.goto(`/dwellings/${demoHome.id}`)
    await page.getByText('Not found').waitFor()
    expect(head).toBeGreaterThan(0)
    const about = received.filter((text) => text.includes(demoHome.id) && !text.includes('"code":"not_found"'))
    expect(about).toEqual([])
    await other.close()
  })

  /** A street office of a part of the city that the demo's home does not lie in. */
  async function somebodyElsewhere(): Promise<HttpClient> {
    const { items } = await admin.get<{ items: { id: string; kind: string }[] }>('/registry/territory?limit=500')
    const part = items.find(({ id }) => !demoHome.territory.includes(id))
    const account = { id: 'elsewhere', name: 'Elsewhere', role: 'streetOffice', password }
    await admin.post('/accounts', { ...account, scope: { kind: 'territory', id: part?.id } })
    return signIn(base, account.id, password)
  }

  test('a bad import shows its rows, and nothing is written', async () => {
    const { version } = await regulator.get<{ version: number }>('/registry')
    const page = await visitor.open('/registry/import')
    const csv = 'id,kind,parent,name\nnowhere,estate,no-such-community,某小区\n'
    const file = { name: 'territory.csv', mimeType: 'text/csv', buffer: Buffer.from(csv) }
    await page.locator('input[type=file]').setInputFiles(file)
    await page.getByRole('button', { name: '检查' }).click()
    await page.getByText('未写入任何数据').waitFor()
    await page.getByText('no-such-community').first().waitFor()
    expect(await page.getByRole('button', { name: '写入台账' }).count()).toBe(0)
    expect((await regulator.get<{ version: number }>('/registry')).version).toBe(version)
    await page.close()
  })

  test('a regulator publishes a list, and whoever is not signed in sees it', async () => {
    const { items } = await regulator.get<{ items: { id: string }[] }>('/rankings?limit=1')
    const { now } = await regulator.get<{ now: number }>('/time')
    const id = items[0]?.id ?? ''
    await regulator.post(`/rankings/${id}/objection-period`, { until: now })
    const stranger = await newVisitor(browser, { base })
    const before = await stranger.open('/public')
    await before.getByText('尚未发布榜单').waitFor()
    const page = await visitor.open(`/rankings/${id}`)
    await page.getByRole('button', { name: '发布榜单' }).click()
    await page.locator('.ant-popconfirm .ant-btn-primary').click()
    await regulator.until<{ list: { state: string } }>(`/rankings/${id}`, ({ list }) => list.state === 'frozen')
    await before.reload()
    const { firms } = await regulator.get<{ firms: { name: string }[] }>(`/rankings/${id}`)
    await before
      .getByText(firms[0]?.name ?? 'no firm')
      .first()
      .waitFor()
    expect(stranger.complaints).toEqual([])
    await page.close()
    await stranger.close()
  })

  test('every page is usable by everybody (axe), in both appearances and both languages', async () => {
    const cookies = sessionOf(admin)
    const dark = await newVisitor(browser, { base, theme: 'dark', language: 'en', cookies })
    const light = await newVisitor(browser, { base, cookies })
    const found: string[] = []
    for (const [index, visit] of (await everyVisit()).entries()) {
      const page = await (index % 2 === 0 ? light : dark).open(visit.path)
      await settled(page)
      found.push(...(await violations(page)).map((violation) => `${visit.name}: ${violation}`))
      await page.close()
    }
    expect(found).toEqual([])
    expect([...light.complaints, ...dark.complaints]).toEqual([])
    await light.close()
    await dark.close()
  }, 240_000)

  test('the pages that people carry about are usable by everybody on a phone, too', async () => {
    const carried = ['city', 'alerts', 'dwelling', 'building', 'circuit', 'ranking', 'exclusions', 'gateways', 'public']
    const phone = await newVisitor(browser, { base, viewport: { width: 390, height: 844 }, cookies: sessionOf(admin) })
    const found: string[] = []
    for (const { name, path } of (await everyVisit()).filter((visit) => carried.includes(visit.name))) {
      const page = await phone.open(path)
      await settled(page)
      found.push(...(await violations(page)).map((violation) => `${name}: ${violation}`))
      const wide = 'document.documentElement.scrollWidth > document.documentElement.clientWidth'
      if (await page.evaluate(wide)) found.push(`${name}: scrolls sideways`)
      await page.close()
    }
    expect(found).toEqual([])
    await phone.close()
  })

  test('no page breaks the policy, with charts hovered and the reference of the api open', async () => {
    for (const { path } of (await everyVisit()).filter(({ name }) => ['dwelling', 'circuit', 'city'].includes(name))) {
      const page = await visitor.open(path)
      const canvas = page.locator('.chart canvas').first()
      await canvas.waitFor()
      const box = await canvas.boundingBox()
      if (!box) throw new Error(`no chart on ${path}`)
      for (const part of [0.3, 0.5, 0.7]) await page.mouse.move(box.x + box.width * part, box.y + box.height * part)
      await page.close()
    }
    const reference = await visitor.open('/reference')
    await reference.locator('.opblock-tag').first().click()
    await reference.locator('.opblock').first().waitFor()
    await reference.close()
    expect(visitor.complaints).toEqual([])
  })

  test('loading, failed, empty, old and not there are said', async () => {
    const page = await visitor.context.newPage()
    let answer: 'wait' | 'fail' | 'empty' | 'pass' = 'wait'
    const waiting: (() => void)[] = []
    await page.route('**/api/v1/flags?*', async (route) => {
      if (answer === 'wait') await new Promise<void>((resolve) => waiting.push(resolve))
      if (answer === 'fail') return route.fulfill({ status: 404, json: { code: 'unavailable', title: 'gone' } })
      if (answer === 'empty') return route.fulfill({ json: { items: [] } })
      return route.continue()
    })
    await page.goto('/flags')
    await page.getByRole('status', { name: '正在加载' }).first().waitFor()
    answer = 'empty'
    for (const go of waiting.splice(0)) go()
    await page.getByText('没有符合条件的异常标记').waitFor()
    answer = 'pass'
    await page.getByText('全部', { exact: true }).first().click()
    await page.locator('[role=row] a').first().waitFor()
    answer = 'fail'
    await measure(18)
    await measure(10)
    await page.getByText('数据已不是最新').waitFor()
    expect(await page.locator('[role=row] a').count()).toBeGreaterThan(0)
    await page.goto('/flags')
    await page.getByText('未找到').waitFor()
    await page.goto('/dwellings/nobody')
    await page.getByText('它不存在，或不在您的管辖范围内').waitFor()
    await page.close()
  })

  test('a list of 100,000 rows scrolls to its end, and only what is seen is in the page', async () => {
    const page = await visitor.context.newPage()
    const rows = 100_000
    const flag = { subjectKind: 'gateway', rule: 'gatewaySilent', since: 0, raisedAt: 0, where: { territory: [] } }
    const items = Array.from({ length: rows }, (_, index) => ({ ...flag, key: `G-${index}`, subject: `G-${index}` }))
    await page.route('**/api/v1/flags?*', (route) => route.fulfill({ json: { items } }))
    await page.goto('/flags')
    await page.getByText('G-0', { exact: true }).waitFor()
    await page.getByRole('region', { name: '异常标记' }).focus()
    await page.keyboard.press('End')
    await page.getByText(`G-${rows - 1}`, { exact: true }).waitFor()
    expect(await page.getByRole('row').count()).toBeLessThan(100)
    await page.close()
  })

  test('all of it works by keyboard: the way to the content, the language, a list, a link in it', async () => {
    const page = await visitor.open('/flags')
    await page.locator('[role=row] a').first().waitFor()
    await page.keyboard.press('Tab')
    expect(await page.evaluate('document.activeElement?.className')).toBe('skip')
    await page.keyboard.press('Enter')
    await page.locator('[role=row] a').first().focus()
    await page.keyboard.press('Enter')
    await page.waitForURL(/\/(dwellings|plants)\//)
    await page.close()
  })
})
