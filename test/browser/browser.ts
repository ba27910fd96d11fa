import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'

/** Debian's Chromium, without a window. */
export const launchBrowser = (): Promise<Browser> =>
  chromium.launch({
    executablePath: '/usr/bin/chromium',
    // Tests run as whoever checks out the code, in containers also as root.
    args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'],
  })

export type Cookies = Parameters<BrowserContext['addCookies']>[0]

export interface Visitor {
  readonly context: BrowserContext
  /** Everything that the pages did wrong so far: refused by the policy, thrown, or asked of another host. */
  readonly complaints: readonly string[]
  open(path: string): Promise<Page>
  close(): Promise<void>
}

export interface VisitorOptions {
  readonly base: string
  readonly language?: 'zh' | 'en'
  readonly theme?: 'light' | 'dark'
  readonly viewport?: { readonly width: number; readonly height: number }
  /** Cookies of somebody who signed in before: passwords take long to check, on purpose. */
  readonly cookies?: Cookies
}

/** Somebody with a browser of their own: cookies, language and appearance, and a list of what went wrong. */
export async function newVisitor(browser: Browser, options: VisitorOptions): Promise<Visitor> {
  const { base, language = 'zh', theme = 'light', viewport = { width: 1440, height: 900 } } = options
  const context = await browser.newContext({
    baseURL: base,
    viewport,
    locale: language === 'zh' ? 'zh-CN' : 'en-GB',
    colorScheme: theme,
    reducedMotion: 'reduce',
  })
  if (options.cookies) await context.addCookies(options.cookies)
  const complaints: string[] = []
  context.on('console', (message) => {
    if (/content security policy/i.test(message.text())) complaints.push(message.text())
  })
  context.on('weberror', (error) => complaints.push(`thrown: ${error.error().message}`))
  context.on('request', (request) => {
    const { protocol, host } = new URL(request.url())
    if (/^(https?|wss?):$/.test(protocol) && host !== new URL(base).host) complaints.push(`asked ${request.url()}`)
  })
  return {
    context,
    complaints,
    async open(path) {
      const page = await context.newPage()
      await page.goto(path)
      return page
    },
    close: () => context.close(),
  }
}

/** Signs in as a person would, from whatever page asks for it. */
export async function signInOn(page: Page, account: string, password: string): Promise<void> {
  await page.locator('#account').fill(account)
  await page.locator('#password').fill(password)
  await page.locator('button[type=submit]').click()
  await page.locator('.shell').waitFor()
}
