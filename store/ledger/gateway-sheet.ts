import { gatewayTopic } from '#domain/topics.ts'

/** Where gateways find the broker, as an installer types it. */
export interface BrokerAddress {
  readonly host: string
  readonly port: number
  readonly tls: boolean
}

/** What an installer needs to connect one gateway. It holds the secret, which is shown this once. */
export interface GatewaySheet {
  readonly gateway: string
  readonly broker: BrokerAddress
  readonly url: string
  readonly clientId: string
  readonly userName: string
  readonly secret: string
  readonly publish: {
    readonly readings: string
    readonly senml: string
    readonly status: string
    readonly granted: readonly string[]
  }
  readonly subscribe: { readonly commands: string; readonly errors: string }
  /** A line for a shell that sends one reading. */
  readonly example: string
}

/** Makes the sheet of one gateway. `granted` are foreign-format topics that it may publish to. */
export function gatewaySheet(
  gateway: string,
  secret: string,
  broker: BrokerAddress,
  granted: readonly string[] = [],
): GatewaySheet {
  const url = `${broker.tls ? 'mqtts' : 'mqtt'}://${broker.host}:${broker.port}`
  return {
    gateway,
    broker,
    url,
    clientId: gateway,
    userName: gateway,
    secret,
    publish: {
      readings: gatewayTopic(gateway, 'readings'),
      senml: gatewayTopic(gateway, 'senml'),
      status: gatewayTopic(gateway, 'status'),
      granted,
    },
    subscribe: { commands: gatewayTopic(gateway, 'commands'), errors: gatewayTopic(gateway, 'errors') },
    example: publishLine(gateway, secret, broker),
  }
}

function publishLine(gateway: string, secret: string, { host, port, tls }: BrokerAddress): string {
  const reading = JSON.stringify({ device: 'P-000123', values: { indoor_temperature_c: 20.4 } })
  return [
    'mosquitto_pub',
    `-h '${host}' -p ${port}`,
    // Debian keeps the certificates of public authorities here; a private one is given with --cafile.
    ...(tls ? ['--capath /etc/ssl/certs'] : []),
    `-i '${gateway}' -u '${gateway}' -P '${secret}'`,
    `-q 1 -t '${gatewayTopic(gateway, 'readings')}'`,
    `-m '${reading}'`,
  ].join(' ')
}

/** The sheet as text, to be printed or handed over on paper. */
export function gatewaySheetText(sheet: GatewaySheet): string {
  const lines: [string, string][] = [
    ['Broker', `${sheet.url} (MQTT 3.1.1${sheet.broker.tls ? ', TLS' : ', no TLS'})`],
    ['Host', sheet.broker.host],
    ['Port', String(sheet.broker.port)],
    ['Client id', sheet.clientId],
    ['User name', sheet.userName],
    ['Password', sheet.secret],
    ['Publishes', sheet.publish.readings],
    ['', sheet.publish.senml],
    ['', `${sheet.publish.status} (last will)`],
    ...sheet.publish.granted.map((topic): [string, string] => ['', topic]),
    ['Reads', sheet.subscribe.commands],
    ['', `${sheet.subscribe.errors} (what became of bad deliveries)`],
  ]
  const width = Math.max(...lines.map(([label]) => label.length))
  return [
    `Gateway ${sheet.gateway}`,
    ...lines.map(([label, value]) => `  ${label.padEnd(width)}  ${value}`),
    '  Send QoS 1 and wait for the PUBACK. The password is shown this once; a lost one is replaced by rotating it.',
    '  Try it:',
    `  ${sheet.example}`,
    '',
  ].join('\n')
}
