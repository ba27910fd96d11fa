import { expect, test } from 'vitest'
import { z } from 'zod'
import { describeOptions, flagOption, parseOptions, portSchema } from '../../commands/options.ts'

const options = {
  httpPort: { env: 'W_PORT', default: 8080, schema: portSchema, help: 'port' },
  name: { env: 'W_NAME', schema: z.string().max(3, 'at most 3 letters'), help: 'name' },
  quiet: flagOption('W_QUIET', 'say less'),
  simulator: { ...flagOption('W_SIM', 'simulate'), default: true },
}

test('the flag wins over the environment, the environment over the default', () => {
  const parsed = parseOptions(options, ['--http-port', '1'], { W_PORT: '2', W_NAME: 'abc' })
  expect(parsed).toEqual({
    ok: true,
    positionals: [],
    values: { httpPort: 1, name: 'abc', quiet: false, simulator: true },
  })
})

test('a boolean is switched on by its name and off by --no-', () => {
  const parsed = parseOptions(options, ['--quiet', '--no-simulator'], {})
  expect(parsed).toMatchObject({ ok: true, values: { quiet: true, simulator: false } })
})

test('an empty environment value counts as not given', () => {
  expect(parseOptions(options, [], { W_PORT: '' })).toMatchObject({ ok: true, values: { httpPort: 8080 } })
})

test('every problem is named at once', () => {
  const argv = ['--http-port', '99999', '--name', 'abcd', '--htp-port=1', '--quiet=yes', 'extra', '--no-name']
  const parsed = parseOptions(options, argv, { W_SIM: 'perhaps' })
  expect(parsed.ok).toBe(false)
  if (parsed.ok) return
  const text = parsed.problems.join('\n')
  for (const part of [
    '--http-port',
    '--name: at most 3 letters',
    '--htp-port is not an option',
    '--quiet takes no value',
    'W_SIM',
    '"extra"',
    '--no-name is not an option',
  ]) {
    expect(text).toContain(part)
  }
  expect(parsed.problems).toHaveLength(7)
})

test('help shows flag, default and environment name', () => {
  expect(describeOptions(options)).toContain('--http-port VALUE')
  expect(describeOptions(options)).toContain('--no-simulator')
  expect(describeOptions(options)).toContain('env W_PORT')
})
