/** Where alerts of the rules go, and how they are put together. */

const contactPointName = 'Warmcity'

/** Enough for every district of a city at once; the hook takes five times as many. */
const alertsAtOnceMax = 100

/** The api's hook, with a token that both read from a file. */
export const contactPoints = () => [
  {
    orgId: 1,
    name: contactPointName,
    receivers: [
      {
        uid: 'warmcity-hook',
        type: 'webhook',
        settings: {
          url: apiAddress('/hooks/grafana'),
          httpMethod: 'POST',
          authorization_scheme: 'Bearer',
          authorization_credentials: secretFile('grafana_hook_token'),
          maxAlerts: alertsAtOnceMax,
        },
        disableResolveMessage: false,
      },
    ],
  },
]

/**
 * Each rule says by itself where its alerts go: a file of policies would replace those of everybody in the organisation.
 * One message for a rule; the hook tells repeats apart by itself.
 */
export const notificationSettings = {
  receiver: contactPointName,
  group_by: ['grafana_folder', 'alertname'],
  group_wait: '30s',
  group_interval: '1m',
  repeat_interval: '4h',
}

/** Grafana reads the variable from its own environment. */
const apiAddress = (path: string) => `$WARMCITY_API_URL${path}`

/** Grafana reads the file when it provisions. */
export const secretFile = (name: string): string => `$__file{/run/secrets/${name}}`
