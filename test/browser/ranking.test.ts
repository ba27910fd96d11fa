import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Browser, Locator, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { dayMs } from '#domain/time.ts'
import { makeRankedApi } from '../support/ranked-api.ts'
import { hasProgram } from '../support/required-programs.ts'
import { settled, violations } from './axe.ts'
import { launchBrowser, newVisitor, type Visitor, type VisitorOptions } from './browser.ts'

const suite = 'the ranking in a browser'
const prepare = fileURLToPath(new URL('../../console/prepare.mjs', import.meta.url))
const phone = { width: 390, height: 844 }

/** What people do by hand around a list, over the city of two firms in one building. */
describe.runIf(hasProgram('chromium', suite))(suite, { timeout: 60_000 }, () => {
  const built = mkdtempSync(join(tmpdir(), 'warmcity-console-'))
  let ranked: Awaited<ReturnType<typeof makeRankedApi>>
  let base: string
  let browser: Browser
  const visitors: Visitor[] = []

  beforeAll(async () => {
    execFileSync(process.execPath, [prepare, built], { stdio: 'inherit' })
    ranked = await makeRankedApi({ consoleFolder: built })
    base = await ranked.api.app.listen({ host: '127.0.0.1', port: 0 })
    browser = await launchBrowser()
  })

  afterAll(async () => {
    for (const visitor of visitors) {
      expect(visitor.complaints).toEqual([])
      await visitor.close()
    }
    await browser?.close()
    await ranked?.api.close()
    rmSync(built, { recursive: true, force: true })
  })

  /** Somebody at a page: an account, or a stranger. */
  async function at(
    path: string,
    account: string | undefined,
    options: Partial<VisitorOptions> = { language: 'en' },
  ): Promise<Page> {
    const [name = '', value = ''] = account === undefined ? [] : (await ranked.api.signIn(account)).cookie.split('=')
    const cookies = account === undefined ? [] : [{ name, value, url: base }]
    const visitor = await newVisitor(browser, { base, cookies, ...options })
    visitors.push(visitor)
    const page = await visitor.open(path)
    await settled(page)
    return page
  }

  /** A list that is open for objections for long enough. */
  async function openList(): Promise<string> {
    const id = await ranked.draft()
    await ranked.post('city', `/rankings/${id}/objection-period`, { until: ranked.api.clock.now + 7 * dayMs })
    return id
  }

  /** Finds something by name as a person does: types, and takes what is offered. */
  async function choose(page: Page, field: Locator, typed: string, offered: string): Promise<void> {
    await field.click()
    await page.keyboard.type(typed)
    const offers = page.locator('.ant-select-dropdown:not(.ant-select-dropdown-hidden) .ant-select-item-option')
    await offers.filter({ hasText: offered }).first().click()
  }

  test('a street office hands a resident a code, who objects with it on a phone; the regulator decides', async () => {
    const id = await openList()
    const street = await at(`/rankings/${id}`, 'street')
    await street.getByRole('button', { name: 'Issue a code to a resident' }).click()
    const dialog = street.getByRole('dialog')
    await choose(street, dialog.getByLabel('Home'), 'B1', '')
    await choose(street, dialog.getByLabel('Choose the door'), '1802', '1802')
    await dialog.getByRole('button', { name: 'Issue' }).click()
    const slip = street.locator('.slip')
    await slip.waitFor()
    expect(await violations(street)).toEqual([])
    const code = (await slip.locator('.slip-code').textContent()) ?? ''
    expect(code).toMatch(/^([A-Z2-9]{4} ?){4}$/)
    expect(await slip.textContent()).toContain(`${base}/public/objection`)
    await street.emulateMedia({ media: 'print' })
    expect(await street.locator('#console').isVisible()).toBe(false)
    expect(await slip.isVisible()).toBe(true)
    await street.emulateMedia({ media: 'screen' })
    await street.getByRole('button', { name: 'I have it; close' }).click()
    await slip.waitFor({ state: 'detached' })

    const resident = await at('/public', undefined, { language: 'zh', viewport: phone })
    await resident.getByRole('link', { name: '凭异议码提出异议' }).first().click()
    await resident.getByRole('button', { name: '提交异议' }).click()
    expect(await resident.getByText('必填').count()).toBe(3)
    await resident.getByLabel('异议码').fill('ABCD')
    await resident.getByText('异议码应为 16 位字母和数字').waitFor()
    await resident.getByLabel('异议码').fill('ABCDEFGHABCDEFGH')
    await resident.getByLabel('异议内容').fill('一月七日整夜只有十六度')
    await resident.getByLabel('证据').fill('温度计照片')
    await resident.getByRole('button', { name: '提交异议' }).click()
    await resident.getByText('异议码不属于这份榜单').waitFor()
    expect(await violations(resident)).toEqual([])
    await resident.getByLabel('异议码').fill(code.toLowerCase())
    await resident.getByRole('button', { name: '提交异议' }).click()
    await resident.getByText('异议已收到').waitFor()
    expect(await violations(resident)).toEqual([])
    expect(await scrollsSideways(resident)).toBe(false)

    const regulator = await at(`/rankings/${id}`, 'city')
    const row = regulator.getByRole('row', { name: '一月七日整夜只有十六度' })
    await row.getByText('Resident, with a code').waitFor()
    await row.getByRole('button', { name: 'Decide' }).click()
    await regulator.getByLabel('Decision').fill('visited: 17 °C')
    expect(await violations(regulator)).toEqual([])
    await regulator.getByRole('button', { name: 'Uphold' }).click()
    await row.getByText('visited: 17 °C').waitFor()
    const firm = await at(`/rankings/${id}`, 'f2')
    await firm.getByText('visited: 17 °C').waitFor()
  })

  test('a firm objects for itself, and is not offered codes', async () => {
    const id = await openList()
    const page = await at(`/rankings/${id}`, 'f1')
    expect(await page.getByRole('button', { name: 'Issue a code' }).count()).toBe(0)
    await page.getByRole('button', { name: 'Object', exact: true }).click()
    const dialog = page.getByRole('dialog')
    const [first] = (await ranked.get('f1', `/rankings/${id}`))
      .json()
      .firms.filter(({ firm }: { firm: string }) => firm === 'F1')
    await choose(page, dialog.getByLabel('Firm'), '', first.nameEn ?? first.name)
    await dialog.getByLabel('What is wrong').fill('the probe of 0101 hung in the sun')
    await dialog.getByLabel('Evidence').fill('a photograph')
    await dialog.getByRole('button', { name: 'OK' }).click()
    await page.getByRole('row', { name: 'the probe of 0101 hung in the sun' }).waitFor()
    expect(await violations(page)).toEqual([])
  })

  test('nothing can be objected to while no list is open', async () => {
    ranked.api.clock.now += 8 * dayMs
    const page = await at('/public/objection', undefined, { viewport: phone })
    await page.getByText('目前没有公示中的榜单').waitFor()
    expect(await violations(page)).toEqual([])
  })

  test('a firm proposes an exclusion; it counts when the street office has confirmed it with reasons', async () => {
    const proposing = await at('/exclusions', 'f2')
    await proposing.getByText('No exclusions in these days').waitFor()
    await proposing.getByRole('button', { name: 'Propose an exclusion' }).click()
    const dialog = proposing.getByRole('dialog')
    await choose(proposing, dialog.getByLabel('What is left out'), '', 'Dwelling')
    await choose(proposing, dialog.getByLabel('Dwelling', { exact: true }), 'B1', '')
    await choose(proposing, dialog.getByLabel('Choose the door'), '1802', '1802')
    await choose(proposing, dialog.getByLabel('Reason'), '', 'Refused access')
    await dialog.getByLabel('First day').fill('2026-01-07')
    await dialog.getByLabel('Last day').fill('2026-01-06')
    await dialog.getByLabel('Evidence').fill('visit slip 12')
    await dialog.getByRole('button', { name: 'Propose' }).click()
    await dialog.getByText('Is before the first day').waitFor()
    expect(await violations(proposing)).toEqual([])
    await dialog.getByLabel('Last day').fill('2026-01-07')
    await dialog.getByRole('button', { name: 'Propose' }).click()
    await proposing.getByRole('row', { name: 'visit slip 12' }).getByText('Waits; does not count').waitFor()
    // Whoever may not confirm can only look.
    await proposing.getByRole('button', { name: 'Look: D-1802' }).click()
    expect(await proposing.getByRole('button', { name: 'Confirm' }).count()).toBe(0)

    const street = await at('/exclusions', 'street', { language: 'zh', viewport: phone })
    await street.getByRole('button', { name: '处理: D-1802' }).click()
    expect(await street.getByRole('button', { name: '确认剔除' }).isDisabled()).toBe(true)
    await street.getByLabel('处理意见').fill('与入户登记一致')
    expect(await violations(street)).toEqual([])
    await street.getByRole('button', { name: '确认剔除' }).click()
    await street.getByRole('row').getByText('已确认，不参与计算').waitFor()
    expect(await violations(street)).toEqual([])
    const { items } = (await ranked.get('city', '/ranking-exclusions?from=2026-01-01&to=2026-02-01')).json()
    expect(items).toMatchObject([{ place: 'D-1802', kind: 'refusedAccess', state: 'confirmed', decidedBy: 'street' }])
    await street.goto('/exclusions?state=proposed')
    await street.getByText('没有符合条件的剔除记录').waitFor()
    await street.goto('/exclusions?from=2025-11-01&to=2025-12-01')
    await street.getByText('这段时间没有剔除记录').waitFor()
  })

  test('a regulator cannot decide what they proposed themselves', async () => {
    const proposal = { kind: 'plannedWork', placeKind: 'circuit', place: 'T1-L', from: '2026-01-08', to: '2026-01-08' }
    await ranked.post('city', '/ranking-exclusions', { ...proposal, evidence: 'work order 3' })
    const page = await at('/exclusions?kind=plannedWork', 'city')
    await page.getByRole('button', { name: 'Look: T1-L' }).click()
    await page.getByText('You proposed it: somebody else must decide it.').waitFor()
    expect(await page.getByRole('button', { name: 'Confirm' }).count()).toBe(0)
  })

  test('what a window is called follows the page and the language', async () => {
    const page = await at('/exclusions', 'city')
    expect(await page.title()).toBe('Exclusions · Warmcity')
    await page.getByRole('button', { name: '中文' }).click()
    await page.getByRole('heading', { name: '剔除记录' }).waitFor()
    expect(await page.title()).toBe('剔除记录 · 暖城')
    await page.goto('/login')
    await page.getByRole('heading', { name: '登录暖城' }).waitFor()
    expect(await page.title()).toBe('登录 · 暖城')
  })

  test('a list is drafted for a place, and an account made for a firm, by their names', async () => {
    const regulator = await at('/rankings', 'city')
    await regulator.getByRole('button', { name: 'Draft a list' }).click()
    const draft = regulator.getByRole('dialog')
    await choose(regulator, draft.getByLabel('Territory'), '', 'Harbin')
    await draft.getByLabel('First day').fill('2026-01-06')
    await draft.getByLabel('Last day').fill('2026-01-10')
    expect(await violations(regulator)).toEqual([])
    await draft.getByRole('button', { name: 'Draft', exact: true }).click()
    await regulator.getByRole('heading', { name: '06/01/2026 to 10/01/2026' }).waitFor()

    await ranked.api.account('boss', 'admin')
    const admin = await at('/accounts', 'boss')
    await admin.getByRole('button', { name: 'New account' }).click()
    const account = admin.getByRole('dialog')
    await account.getByLabel('Account').fill('dispatch-2')
    await account.getByLabel('Name').fill('Dispatch')
    await choose(admin, account.getByLabel('Kind of scope'), '', 'Firm')
    const { name } = (await ranked.get('boss', '/registry/firm/F2')).json().row
    await choose(admin, account.getByLabel('Firm', { exact: true }), 'F2', name)
    await account.getByLabel('Password').fill('warm enough for a dispatcher')
    await account.getByRole('button', { name: 'OK' }).click()
    await admin.getByRole('row', { name: 'dispatch-2' }).getByText(`Firm: ${name}`).waitFor()
  })

  const scrollsSideways = (page: Page): Promise<boolean> =>
    page.evaluate('document.documentElement.scrollWidth > document.documentElement.clientWidth')
})
