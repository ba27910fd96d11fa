import { defineConfig } from 'vitest/config'
import { hasPostgres } from './test/support/postgres-server.ts'

/** What has to be true of every ledger, and of what is built on it: the same files run on SQLite and on PostgreSQL. */
const onEveryLedger = [
  'test/contract/{accounts,audit,commissioning,gateways-import,identities,ledger-*,notifications,quarantine,ranking,ranking-late-supply}.test.ts',
  'test/contract/{registry,registry-files,registry-crash,signals}.test.ts',
  'test/unit/api-{alerts,live,notify,ranking-exports,ranking-thread,several}.test.ts',
  'test/unit/{supply-days,watch-ledger}.test.ts',
  'test/e2e/outside-workers.test.ts',
]

const shared = {
  testTimeout: 60_000,
  hookTimeout: 60_000,
  // Whoever waits for an outcome waits for it: how long it takes is the machine's affair.
  expect: { poll: { timeout: 30_000, interval: 10 } },
  // Tests that start servers and worker threads share two cores with the runner.
  maxWorkers: 2,
}

export default defineConfig({
  test: {
    ...shared,
    projects: [
      { extends: true, test: { name: 'all', include: ['test/**/*.test.ts'] } },
      ...(hasPostgres('the ledger on PostgreSQL')
        ? [
            {
              extends: true as const,
              test: { name: 'PostgreSQL', include: onEveryLedger, globalSetup: 'test/support/postgres-setup.ts' },
            },
          ]
        : []),
    ],
  },
})
