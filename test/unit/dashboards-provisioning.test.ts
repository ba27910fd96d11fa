import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { liveChannels, liveStream } from '#domain/live-channel.ts'
import { alertRules, boardFiles, generatedFiles, provisioned, targetsOf } from '../support/generated-dashboards.ts'

describe('provisioning', () => {
  test('has the data source that every dashboard asks, and keeps that of homes apart', () => {
    const on = provisioned('datasources/warmcity.yaml').datasources as { uid: string }[]
    const off = provisioned('off/datasources/dwellings.yaml').datasources as { uid: string }[]
    const asked = new Set(boardFiles.flatMap(({ panels }) => panels.map(({ datasource }) => datasource?.uid)))
    // Grafana brings its own.
    expect([...asked].filter((uid) => uid !== 'grafana').sort()).toEqual([...on, ...off].map(({ uid }) => uid).sort())
    for (const { panels } of boardFiles) {
      for (const panel of panels) {
        for (const { datasource } of targetsOf(panel)) expect(datasource?.uid, panel.title).toBe(panel.datasource?.uid)
      }
    }
    expect(off.map(({ uid }) => uid)).toEqual(['warmcity-readings'])
  })

  test('has a folder for every file of dashboards, that of homes only where it is turned on', () => {
    const paths = (path: string) =>
      (provisioned(path).providers as { options: { path: string } }[]).map(({ options }) =>
        options.path.split('/').at(-1),
      )
    expect(paths('dashboards/warmcity.yaml').sort()).toEqual(['en', 'zh'])
    expect(paths('off/dashboards/dwellings.yaml').sort()).toEqual(['homes-en', 'homes-zh'])
    expect(new Set(boardFiles.map(({ path }) => path.split('/')[1]))).toEqual(
      new Set(['zh', 'en', 'homes-zh', 'homes-en']),
    )
  })

  test('gives each data source and each folder what Grafana documents, and no more', () => {
    const sources = ['datasources/warmcity.yaml', 'off/datasources/dwellings.yaml'].flatMap(
      (path) => provisioned(path).datasources,
    )
    expect(sources).toHaveLength(2)
    for (const source of sources) {
      expect(source).toEqual({
        ...{ name: expect.any(String), uid: expect.any(String), type: 'influxdb', access: 'proxy' },
        ...{ url: expect.stringMatching(/^\$[A-Z_]+$/), isDefault: false, editable: false },
        jsonData: {
          dbName: expect.stringMatching(/^\$[A-Z_]+$/),
          httpMode: 'GET',
          httpHeaderName1: 'Authorization',
        },
        secureJsonData: { httpHeaderValue1: expect.stringMatching(/^Token \$__file\{.*\}$/) },
      })
    }
    const providers = ['dashboards/warmcity.yaml', 'off/dashboards/dwellings.yaml'].flatMap(
      (path) => provisioned(path).providers,
    )
    expect(new Set(providers.map((provider) => (provider as { folderUid: string }).folderUid)).size).toBe(4)
    for (const provider of providers) {
      expect(provider).toEqual({
        ...{ name: expect.any(String), orgId: 1, folder: expect.any(String), folderUid: expect.any(String) },
        ...{ type: 'file', disableDeletion: true, allowUiUpdates: false, updateIntervalSeconds: 60 },
        options: { path: expect.stringMatching(/^\/etc\/grafana\/warmcity\//) },
      })
    }
  })

  test('asks for no variable or secret that docker compose does not give, and the guide does not name', () => {
    const [compose, guide] = ['docker-compose.yml', 'docs/grafana.md'].map((path) =>
      readFileSync(join(import.meta.dirname, '../..', path), 'utf8'),
    )
    const grafana = compose?.slice(
      compose.indexOf('\n  grafana:'),
      compose.indexOf('\n  # docker compose --profile demo'),
    )
    const asked = new Set<string>()
    for (const [path, text] of generatedFiles) {
      if (!path.startsWith('provisioning/')) continue
      for (const [, variable, secret] of text.matchAll(/\$(WARMCITY_\w+)|\$__file\{\/run\/secrets\/(\w+)\}/g)) {
        asked.add(variable ?? secret ?? '')
        expect(guide, path).toContain(variable ?? `/run/secrets/${secret}`)
        if (!path.includes('/off/')) expect(grafana, path).toContain(variable ?? secret)
      }
    }
    expect(asked.size).toBeGreaterThan(4)
  })

  test('sends alerts to the hook, once for a rule, with a token from a file', () => {
    const [point] = provisioned('alerting/contact-points.yaml').contactPoints as {
      name: string
      receivers: { type: string; settings: Record<string, string> }[]
    }[]
    for (const { notification_settings } of alertRules) {
      expect(notification_settings).toMatchObject({ receiver: point?.name, group_by: ['grafana_folder', 'alertname'] })
    }
    // Policies are of the whole organisation, and a file of them replaces all.
    expect([...generatedFiles.values()].filter((text) => text.includes('policies:'))).toEqual([])
    expect(point?.receivers[0]).toMatchObject({ type: 'webhook' })
    expect(point?.receivers[0]?.settings).toEqual({
      ...{ url: '$WARMCITY_API_URL/hooks/grafana', httpMethod: 'POST', maxAlerts: 100 },
      ...{ authorization_scheme: 'Bearer', authorization_credentials: expect.stringMatching(/^\$__file\{.*\}$/) },
    })
  })

  test('has rules that lead to their panel', () => {
    expect(alertRules.map(({ uid }) => uid)).toEqual([
      'warmcity-district-silent',
      'warmcity-journal-age',
      'warmcity-quarantine-surge',
      'warmcity-api-down',
      'warmcity-edge-down',
    ])
    for (const { uid, annotations, data, condition } of alertRules) {
      const { panels } = boardFiles.find(({ board }) => board.uid === annotations.__dashboardUid__) ?? { panels: [] }
      expect(
        panels.some(({ id }) => String(id) === annotations.__panelId__),
        uid,
      ).toBe(true)
      // A query, its newest value, and a threshold: each step reads the one before, and the last decides.
      expect(data.map(({ datasourceUid }) => datasourceUid)).toEqual(['warmcity-roll-ups', '__expr__', '__expr__'])
      for (const [step, { refId, model }] of data.entries()) {
        expect(model, uid).toMatchObject({ refId, ...(step > 0 && { expression: data[step - 1]?.refId }) })
      }
      expect(data.at(-1)?.refId).toBe(condition)
      expect(annotations.summary).toMatch(/\p{Script=Han}.* · [A-Z]/u)
    }
  })

  test('has a panel that listens to a channel to which the api pushes', () => {
    const channels = boardFiles
      .flatMap(({ panels }) => panels.flatMap(targetsOf))
      .flatMap(({ channel }) => channel ?? [])
    expect(new Set(channels)).toEqual(new Set([liveChannels.city]))
    expect(liveChannels.city).toMatch(new RegExp(`^stream/${liveStream}/[A-Za-z0-9_-]+$`))
  })
})
