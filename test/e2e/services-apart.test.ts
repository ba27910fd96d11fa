import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { type RunningCommand, runServicesApart } from '../support/services-apart.ts'

const root = join(import.meta.dirname, '../..')

/** Five processes start one after another, on a machine that may have much else to do. */
const patienceMs = 240_000

test(
  'edge, API and simulator run each by itself, with their secrets in files, and end when they are told to',
  async () => {
    const data = mkdtempSync(join(tmpdir(), 'warmcity-apart-'))
    const running: RunningCommand[] = []
    onTestFinished(async () => {
      for (const one of running) await one.stop()
      rmSync(data, { recursive: true })
    })
    const command = [process.execPath, join(root, 'launcher.mjs')]
    const report = await runServicesApart(
      { command, folder: root, environment: { PATH: process.env.PATH } },
      data,
      running,
    )
    expect(report.ended).toEqual({ simulate: 0, api: 0, edge: 0 })
  },
  patienceMs,
)
