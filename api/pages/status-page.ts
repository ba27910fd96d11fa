import type { ClockAnchor } from '#domain/time.ts'
import { type Language, languages } from '#domain/words.ts'
import { referencePath } from '../openapi.ts'
import { texts } from '../texts.ts'
import { type Html, html } from './html.ts'

/** A page that stays open on a screen shows what is, not what was. */
const refreshSeconds = 15

export interface StatusPage {
  readonly language: Language
  readonly version: string
  readonly now: number
  readonly anchor: ClockAnchor
  readonly timeZone: string
  readonly brokerAddresses: readonly string[]
  readonly readings: number
  readonly streamHead: number
  readonly notReady: readonly string[]
  /** Whether the web console was built and is served at `/`. */
  readonly hasConsole: boolean
  /** Undefined where whoever looks may not know. */
  readonly openAlerts?: number
}

export function statusPage(page: StatusPage): string {
  const text = texts[page.language]
  const { anchor } = page
  const number = new Intl.NumberFormat(text.htmlLang)
  const speed = anchor.speed === 1 || anchor.speed === 0 ? [] : [html`<li>${text.speed(anchor.speed)}</li>`]
  const catchingUp = anchor.catchingUp ? [html`<li>${text.catchingUp}</li>`] : []
  const brokers = page.brokerAddresses.map((address) => html`<li>${text.broker(address)}</li>`)
  const body = html`
    <section class="${anchor.simulated ? 'clock simulated' : 'clock'}">
      <h2>${text.clock}</h2>
      <p class="time"><time datetime="${new Date(page.now).toISOString()}">${timeText(page)}</time></p>
      <p>${anchor.simulated ? text.simulatedTime : text.realTime}</p>
      <ul>${[...speed, ...catchingUp]}</ul>
    </section>
    <section>
      <h2>${text.state}</h2>
      <p class="${page.notReady.length === 0 ? 'ready' : 'not-ready'}">${page.notReady.length === 0 ? text.ready : text.notReady}</p>
      <ul>${page.notReady.map((reason) => html`<li>${reason}</li>`)}</ul>
      <h2>${text.running}</h2>
      <ul>
        <li>${text.api(page.version)}</li>
        ${brokers.length > 0 ? brokers : html`<li>${text.noBroker}</li>`}
        <li>${text.readings(number.format(page.readings))}</li>
        <li>${text.stream(number.format(page.streamHead))}</li>
      </ul>
      <h2>${text.alerts}</h2>
      <p class="alerts">${alertsText(page)}</p>
    </section>
    <section>
      <h2>${text.links}</h2>
      <ul>
        <li>${page.hasConsole ? html`<a href="/">${text.console}</a>` : text.noConsole}</li>
        <li><a href="${referencePath}">${text.reference}</a></li>
        <li><a href="${referencePath}/json">${text.openApi}</a></li>
        <li><a href="/api/v1/time">${text.time}</a></li>
        <li><a href="/healthz">${text.health}</a></li>
        <li><a href="/readyz">${text.readiness}</a></li>
        <li><a href="/metrics">${text.metrics}</a></li>
      </ul>
    </section>`
  return document(page.language, text.title, body, refreshSeconds)
}

/** A page about one kind of error, for whoever follows its `type`. */
export function problemPage(language: Language, problem: { code: string; status: number; title: string }): string {
  const text = texts[language]
  const body = html`<section>
    <h2>${problem.code}</h2>
    <p>${problem.title}.</p>
    <p>${text.problemStatus(problem.status)}</p>
    <p>${text.problemShape}</p>
  </section>`
  return document(language, text.title, body)
}

function document(language: Language, title: string, body: Html, refresh?: number): string {
  const text = texts[language]
  const other = languages.find((one) => one !== language) ?? language
  const refreshTag = refresh === undefined ? [] : [html`<meta http-equiv="refresh" content="${refresh}">`]
  return html`<!doctype html>
<html lang="${text.htmlLang}">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  ${refreshTag}
  <title>${title}</title>
  <link rel="stylesheet" href="/status.css">
</head>
<body>
  <header>
    <h1>${text.title}</h1>
    <p>${text.tagline}</p>
    <a href="?lang=${other}" lang="${texts[other].htmlLang}">${text.otherLanguage}</a>
  </header>
  <main>${body}</main>
</body>
</html>
`.markup
}

function timeText({ language, now, timeZone }: StatusPage): string {
  const format = new Intl.DateTimeFormat(texts[language].htmlLang, { dateStyle: 'full', timeStyle: 'medium', timeZone })
  return format.format(now)
}

function alertsText({ language, openAlerts }: StatusPage): string {
  const text = texts[language]
  return openAlerts === undefined ? text.alertsHidden : text.alertsOpen(openAlerts)
}

export const statusStyle = `:root { color-scheme: light dark; font-family: system-ui, sans-serif; line-height: 1.5; }
body { margin: 0 auto; max-width: 60rem; padding: 1rem; }
header { align-items: baseline; display: flex; flex-wrap: wrap; gap: 0 1rem; }
header p { flex: 1; }
main { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fit, minmax(16rem, 1fr)); }
section { border: 1px solid GrayText; border-radius: 0.5rem; padding: 0 1rem; }
h2 { font-size: 1rem; margin-bottom: 0; }
.time { font-size: 1.25rem; margin-bottom: 0; }
.simulated { border-color: darkorange; border-width: 3px; }
.not-ready { color: crimson; }
.alerts { font-size: 1.25rem; }
`
