import { rmSync } from 'node:fs'
import type { Page } from 'playwright-core'
import { type Option, positiveInteger } from '../../commands/options.ts'
import type { Operations, Schemas } from '../../console/generated/operations.ts'
import { launchBrowser, newVisitor } from '../browser/browser.ts'
import { optionsOrExit } from '../support/command-line.ts'
import { signIn } from '../support/http-client.ts'
import { newDataFolder, startService } from '../support/service.ts'
import { rounded } from './measure.ts'

/**
 * How long the console's city page takes until its figures are there and its map is drawn, at the size of a whole
 * city. The service, its pages and the browser are real; the overview is a stand-in: that of a small city, repeated.
 */
const { circuits, firms, looks } = optionsOrExit({
  circuits: {
    env: 'WARMCITY_BENCH_CIRCUITS',
    default: 1_500,
    schema: positiveInteger('the number of circuits', 20_000),
    help: 'circuits on the map',
  } satisfies Option<number>,
  firms: {
    env: 'WARMCITY_BENCH_FIRMS',
    default: 60,
    schema: positiveInteger('the number of firms', 1_000),
    help: 'firms that operate them',
  } satisfies Option<number>,
  looks: {
    env: 'WARMCITY_BENCH_LOOKS',
    default: 5,
    schema: positiveInteger('the number of looks', 100),
    help: 'times that the page is opened, each by a browser that has nothing of it yet, and once more by the same',
  } satisfies Option<number>,
})

type Overview = Operations['GET /api/v1/overview']['answer']

/** Runs in the page, whose own clock counts from the beginning of the navigation. */
const watchPage = `(async () => {
  const until = async (there) => {
    while (!there()) await new Promise((resolve) => requestAnimationFrame(resolve))
    return performance.now()
  }
  const isDrawn = (canvas) =>
    canvas.getContext('2d').getImageData(canvas.width >> 1, canvas.height >> 1, 1, 1).data[3] !== 0
  const figuresMs = await until(() => document.querySelector('dl.figures dd') !== null)
  const mapMs = await until(() => {
    const canvas = document.querySelector('.city-map canvas')
    return canvas !== null && isDrawn(canvas)
  })
  return { figuresMs, mapMs }
})()`

const data = newDataFolder()
const service = await startService(data, ['--dwellings', '500', '--history-days', '1', '--seed', '7'])
const browser = await launchBrowser()
try {
  await service.printed('history 100 %')
  const base = service.addresses.http
  const password = service.password()
  const admin = await signIn(base, 'admin', password)
  await admin.until<Overview>('/overview', ({ at }) => at !== undefined)
  const answer = JSON.stringify(enlarged(await admin.get<Overview>('/overview')))
  const [name = '', value = ''] = admin.cookie.split('=')
  for (let look = 0; look < looks; look++) {
    const visitor = await newVisitor(browser, { base, cookies: [{ name, value, url: base }] })
    await visitor.context.route('**/api/v1/overview', (route) =>
      route.fulfill({ contentType: 'application/json', body: answer }),
    )
    const page = await visitor.context.newPage()
    for (const cached of [false, true]) print(cached, await timeOf(page))
    await visitor.close()
  }
} finally {
  await browser.close()
  await service.stop()
  rmSync(data, { recursive: true, force: true })
}

/** The places of a small city, repeated until there are enough; each firm and circuit has an id of its own. */
function enlarged(overview: Overview): Overview {
  const of = (level: Schemas['OverviewPlace']['level']) => overview.places.filter((place) => place.level === level)
  const repeated = (level: 'firm' | 'circuit', count: number) => {
    const known = of(level)
    return Array.from({ length: count }, (_, index): Schemas['OverviewPlace'] => {
      const place = known[index % known.length]
      if (!place) throw new Error(`The overview has no ${level}`)
      const firm = level === 'circuit' ? { firm: `firm-${index % firms}` } : {}
      return { ...place, ...firm, id: `${level}-${index}`, name: `${place.name} ${index}` }
    })
  }
  const places = [...of('city'), ...of('district'), ...repeated('firm', firms), ...repeated('circuit', circuits)]
  return { ...overview, places }
}

async function timeOf(page: Page): Promise<{ figuresMs: number; mapMs: number }> {
  await page.goto('/', { waitUntil: 'commit' })
  return page.evaluate(watchPage)
}

function print(cached: boolean, { figuresMs, mapMs }: { readonly figuresMs: number; readonly mapMs: number }): void {
  const figures = { figures_ms: rounded(figuresMs), map_ms: rounded(mapMs) }
  console.log(JSON.stringify({ name: 'console-city', firms, circuits, cached, ...figures }))
}
