import axe from 'axe-core'
import type { Page } from 'playwright-core'

interface AxeResult {
  readonly violations: readonly {
    readonly id: string
    readonly nodes: readonly { readonly target: readonly string[] }[]
  }[]
}

/** What on a page is not usable by everybody, by the rules of WCAG 2.2 AA. */
export async function violations(page: Page): Promise<string[]> {
  await page.evaluate(axe.source)
  return page.evaluate(async () => {
    const page = globalThis as unknown as { axe: { run(options: object): Promise<AxeResult> } }
    const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']
    const { violations: broken } = await page.axe.run({ runOnly: tags })
    return broken.map(({ id, nodes }) => `${id} ${nodes.map(({ target }) => target.join(' ')).join(' | ')}`)
  })
}

/** Nothing on the page is loading any more. */
export async function settled(page: Page): Promise<void> {
  await page.locator('main').waitFor()
  const loading = page.locator('.loading')
  while ((await loading.count()) > 0) await loading.first().waitFor({ state: 'detached' })
}
