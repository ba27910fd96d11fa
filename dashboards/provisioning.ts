import { contactPoints, secretFile } from './alerting/contact-point.ts'
import { alertRuleGroups, type PanelId } from './alerting/rules.ts'
import { dataSources } from './parts/data-sources.ts'
import { languages } from './texts/said.ts'

/** Where Grafana finds the generated dashboards. */
const dashboardsMount = '/etc/grafana/warmcity'

/** Grafana looks for changed files this often. */
const updateIntervalSeconds = 60

/** InfluxQL over HTTP, which InfluxDB 1, 2 and 3 answer; the header is what 2 and 3 ask for, and 1 takes no notice of. */
const influxDataSource = (name: string, uid: string, database: string) => ({
  name,
  uid,
  type: 'influxdb',
  access: 'proxy',
  url: '$WARMCITY_INFLUX_URL',
  // Dashboards name it; a default that somebody has chosen stays.
  isDefault: false,
  editable: false,
  jsonData: {
    dbName: database,
    httpMode: 'GET',
    httpHeaderName1: 'Authorization',
  },
  secureJsonData: { httpHeaderValue1: `Token ${secretFile('influx_token')}` },
})

const folders = {
  zh: { uid: 'warmcity-zh', name: '暖城' },
  en: { uid: 'warmcity-en', name: 'Warmcity' },
} as const

const provider = (name: string, folder: string, folderUid: string, path: string) => ({
  name,
  orgId: 1,
  folder,
  folderUid,
  type: 'file',
  disableDeletion: true,
  allowUiUpdates: false,
  updateIntervalSeconds,
  options: { path: `${dashboardsMount}/${path}` },
})

/** Every file of provisioning by its path, as data; `off/` is what Grafana does not look into. */
export const provisioningFiles = (panelId: PanelId): ReadonlyMap<string, object> =>
  new Map<string, object>([
    [
      'datasources/warmcity.yaml',
      {
        apiVersion: 1,
        datasources: [influxDataSource('暖城 Warmcity', dataSources.rollUps.uid, '$WARMCITY_ROLL_UP_DATABASE')],
      },
    ],
    [
      'dashboards/warmcity.yaml',
      {
        apiVersion: 1,
        providers: languages.map((language) =>
          provider(`warmcity-${language}`, folders[language].name, folders[language].uid, language),
        ),
      },
    ],
    ['alerting/rules.yaml', { apiVersion: 1, groups: alertRuleGroups(panelId) }],
    ['alerting/contact-points.yaml', { apiVersion: 1, contactPoints: contactPoints() }],
    [
      'off/datasources/dwellings.yaml',
      {
        apiVersion: 1,
        datasources: [
          influxDataSource('暖城住户 Warmcity homes', dataSources.readings.uid, '$WARMCITY_READINGS_DATABASE'),
        ],
      },
    ],
    [
      'off/dashboards/dwellings.yaml',
      {
        apiVersion: 1,
        providers: languages.map((language) =>
          provider(
            `warmcity-homes-${language}`,
            language === 'zh' ? '暖城 · 住户' : 'Warmcity homes',
            `warmcity-homes-${language}`,
            `homes-${language}`,
          ),
        ),
      },
    ],
  ])
