import { describe, expect, test } from 'vitest'
import { liveChannels, liveStream } from '#domain/live-channel.ts'
import { alertRules, boardFiles, provisioned, targetsOf } from '../support/generated-dashboards.ts'

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

  test('sends alerts to the hook, once for a rule, with a token from a file', () => {
    const [point] = provisioned('alerting/contact-points.yaml').contactPoints as {
      name: string
      receivers: { type: string; settings: Record<string, string> }[]
    }[]
    const [policy] = provisioned('alerting/policies.yaml').policies as { receiver: string; group_by: string[] }[]
    expect(policy?.receiver).toBe(point?.name)
    expect(policy?.group_by).toEqual(['grafana_folder', 'alertname'])
    expect(point?.receivers[0]).toMatchObject({ type: 'webhook' })
    expect(point?.receivers[0]?.settings.url).toMatch(/\/hooks\/grafana$/)
    expect(point?.receivers[0]?.settings.authorization_credentials).toMatch(/^\$__file\{.*\}$/)
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
      expect(data.map(({ refId }) => refId)).toContain(condition)
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
