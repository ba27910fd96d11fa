import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { dayMs } from '#domain/time.ts'
import { type HttpClient, signIn } from '../support/http-client.ts'
import { newDataFolder, startService } from '../support/service.ts'
import { settled } from './axe.ts'
import { launchBrowser, newVisitor } from './browser.ts'
import { allVisits } from './visits.ts'

/** Makes a picture of every page, in both languages and appearances, as a desk, a wall and a phone show it. */
const { values } = parseArgs({
  options: {
    out: { type: 'string', default: 'data/screenshots' },
    page: { type: 'string', multiple: true },
    size: { type: 'string', multiple: true },
    dwellings: { type: 'string', default: '2000' },
  },
})

const sizes = {
  desk: { width: 1440, height: 900 },
  wall: { width: 2560, height: 1440 },
  phone: { width: 390, height: 844 },
} as const
const sizeNames = (Object.keys(sizes) as (keyof typeof sizes)[]).filter(
  (size) => values.size === undefined || values.size.includes(size),
)

/** Charts draw themselves when their data is there; nothing in the page tells when they have. */
const drawMs = 600

const data = newDataFolder()
const service = await startService(data, ['--dwellings', values.dwellings, '--history-days', '3', '--seed', '7'])
const browser = await launchBrowser()
try {
  await service.printed('history 100 %')
  const base = service.addresses.http
  const password = service.password()
  const admin = await signIn(base, 'admin', password)
  await admin.until<{ catchingUp: boolean }>('/time', ({ catchingUp }) => !catchingUp)
  await fillRanking(admin, await signIn(base, 'regulator', password))
  const visits = (await allVisits(admin)).filter(({ name }) => values.page === undefined || values.page.includes(name))
  const [cookie = '', secret = ''] = admin.cookie.split('=')
  mkdirSync(values.out, { recursive: true })
  for (const size of sizeNames) {
    for (const language of ['zh', 'en'] as const) {
      for (const theme of ['light', 'dark'] as const) {
        const cookies = [{ name: cookie, value: secret, url: base }]
        const visitor = await newVisitor(browser, { base, language, theme, viewport: sizes[size], cookies })
        const page = await visitor.context.newPage()
        for (const { name, path } of visits) {
          await page.goto(path)
          await settled(page)
          await page.waitForTimeout(drawMs)
          await page.screenshot({ path: join(values.out, `${name}-${size}-${language}-${theme}.png`) })
        }
        for (const complaint of visitor.complaints) console.error(complaint)
        await visitor.close()
      }
    }
    console.log(`${visits.length * 4} pictures of the size ${size} are in ${values.out}`)
  }
} finally {
  await browser.close()
  await service.stop()
  rmSync(data, { recursive: true, force: true })
}

/** What people do with a list: days are left out of it, it is open for objections, and somebody objects. */
async function fillRanking(admin: HttpClient, regulator: HttpClient): Promise<void> {
  type Listed = { readonly id: string; readonly from: string }
  const first = async <T>(path: string) => (await admin.get<{ items: readonly T[] }>(path)).items[0] as T
  const { id, from } = await first<Listed>('/rankings?limit=1')
  const { now } = await admin.get<{ now: number }>('/time')
  await regulator.post(`/rankings/${id}/objection-period`, { until: now + 7 * dayMs })
  const { id: circuit } = await first<Listed>('/registry/circuit?limit=1')
  const { id: dwelling } = await first<Listed>('/registry/dwelling?limit=1')
  const { id: building } = await first<Listed>('/registry/building?limit=1')
  const exclude = (kind: string, placeKind: string, place: string, evidence: string) =>
    admin.post<Listed>('/ranking-exclusions', { kind, placeKind, place, from, to: from, evidence })
  const confirmed = await exclude('plannedWork', 'circuit', circuit, '检修计划 2026-031')
  await regulator.post(`/ranking-exclusions/${confirmed.id}/decision`, { state: 'confirmed', decision: '与计划一致' })
  const refused = await exclude('carrier', 'building', building, '通信商公告 1 月 9 日')
  await regulator.post(`/ranking-exclusions/${refused.id}/decision`, { state: 'refused', decision: '当日有读数' })
  await exclude('refusedAccess', 'dwelling', dwelling, '入户登记第 12 号')
  const { code } = await regulator.post<{ code: string }>(`/rankings/${id}/objection-codes`, { dwelling })
  const objection = { code, text: '一月七日夜间室温只有十六度', evidence: '温度计照片，12345 工单 2026-0107-3' }
  await regulator.post(`/public/rankings/${id}/objections`, objection)
}
