import { join } from 'node:path'
import { gatewayTopic } from '#domain/topics.ts'
import { replaceFileSync } from '#store/whole-file.ts'
import { cityDateText, cityTimeText } from './city-time.ts'
import type { CityClock } from './clock.ts'
import type { DataFolder } from './data-folder.ts'
import { type Demo, demoOpeningMs } from './demo.ts'
import type { StartValues } from './start.ts'
import type { Texts } from './texts.ts'

interface BannerOptions {
  readonly values: StartValues
  readonly folder: DataFolder
  readonly clock: CityClock
  readonly texts: Texts
  /** By what serves there: mqtt, websocket, http, edgeHttp, mqttTls. */
  readonly addresses: Readonly<Record<string, string>>
  readonly demo?: Demo
  readonly firstAdminPassword?: string
}

/** Tells where everything is, and keeps the addresses in the data folder for scripts. */
export function printBanner(options: BannerOptions): void {
  replaceFileSync(join(options.folder.path, 'addresses.json'), `${JSON.stringify(options.addresses, null, 2)}\n`)
  console.log(bannerText(options))
}

function bannerText({ values, folder, clock, texts, addresses, demo, firstAdminPassword }: BannerOptions): string {
  const time = values.simulator ? simulatedTimeText(clock, values.speed, texts) : texts.real
  const { mqtt, mqttTls, websocket, secureWebsocket } = addresses
  const brokers = [mqtt, mqttTls, websocket, secureWebsocket].filter(Boolean).join('   ')
  const rows: [string, string][] = [
    [texts.broker, brokers],
    [texts.api, `${addresses.http}/api/v1`],
    [texts.reference, `${addresses.http}/reference`],
    [texts.pages, `${addresses.http}/`],
    [texts.metrics, `${addresses.http}/metrics   ${addresses.edgeHttp}/metrics`],
    [texts.data, folder.path],
  ]
  if (firstAdminPassword) rows.push([texts.accounts, texts.firstAdmin(firstAdminPassword)])
  if (demo) {
    rows.push([texts.accounts, demo.accounts.join('  ')], ['', texts.demoPassword(demo.password)])
  }
  const width = Math.max(...rows.map(([label]) => columns(label)))
  const table = rows.map(([label, text]) => `  ${label}${' '.repeat(width - columns(label))}  ${text}`)
  const tryIt = demo ? ['', `  ${texts.tryIt}: ${texts.tryHint}`, `    ${publishLine(addresses.mqtt ?? '', demo)}`] : []
  return ['', `  Warmcity 暖城   ${time}`, '', ...table, ...tryIt, '', `  ${texts.stop}`, ''].join('\n')
}

/** Which clock this is: the city's, and until when it only fills its history in. */
function simulatedTimeText(clock: CityClock, speed: number, texts: Texts): string {
  const now = clock.now()
  if (!clock.anchor().catchingUp) return texts.simulated(cityTimeText(now), speed)
  return texts.simulatedAfterHistory(cityTimeText(demoOpeningMs), cityDateText(now))
}

/** A line for a shell that puts a cold reading in as the demo gateway. */
function publishLine(mqttAddress: string, demo: Demo): string {
  const { hostname, port } = new URL(mqttAddress)
  const payload = JSON.stringify({ device: demo.probe, values: { indoor_temperature_c: 11 } })
  const parts = ['mosquitto_pub', '-h', hostname, '-p', port, '-q', '1', '-i', demo.gateway, '-u', demo.gateway]
  return [...parts, '-P', demo.gatewaySecret, '-t', gatewayTopic(demo.gateway, 'readings'), '-m', `'${payload}'`].join(
    ' ',
  )
}

/** Width on a terminal, where a Chinese character takes two columns. */
function columns(text: string): number {
  return [...text].reduce((sum, character) => sum + (/\p{Script=Han}/u.test(character) ? 2 : 1), 0)
}
