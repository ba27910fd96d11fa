#!/usr/bin/env node
// Plain JavaScript that even Node 20 can run: finds the Node that Warmcity needs, or says how to get it.
import { spawn } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(fileURLToPath(import.meta.url))
const pinned = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).devDependencies.node
const requiredMajor = Number(pinned.split('.')[0])

function findNode() {
  if (Number(process.versions.node.split('.')[0]) >= requiredMajor) return process.execPath
  const require = createRequire(join(root, 'package.json'))
  try {
    const binary = join(dirname(require.resolve('node/package.json')), 'bin', 'node')
    return existsSync(binary) ? binary : undefined
  } catch {
    return undefined
  }
}

if (!existsSync(join(root, 'node_modules'))) {
  console.error('The dependencies of Warmcity are not installed: run "npm ci" first.')
  process.exit(78)
}

const node = findNode()
if (node === undefined) {
  console.error(
    [
      `Warmcity needs Node ${requiredMajor} or newer; this is Node ${process.versions.node} (${process.execPath}).`,
      `The right one (${pinned}) comes as the npm package "node", a development dependency with an install script.`,
      'It is missing because development dependencies or install scripts were left out. Either',
      '  npm ci --include=dev --ignore-scripts=false    brings it into node_modules, or',
      `  install Node ${requiredMajor} from https://nodejs.org and put it first in PATH.`,
    ].join('\n'),
  )
  process.exit(78)
}

const [first, ...rest] = process.argv.slice(2)
const target =
  first === '--module' ? rest : [join(root, 'warmcity.ts'), ...(first === undefined ? [] : [first, ...rest])]
// Most of what an edge makes lives for one turn: a larger young generation keeps it out of the slow collections. What
// outlives a sync of the disk would else lie about until the old generation has half a gigabyte.
const nodeOptions = ['--disable-warning=ExperimentalWarning', '--max-semi-space-size=32', '--initial-old-space-size=64']
const child = spawn(node, [...nodeOptions, ...target], { stdio: 'inherit' })
// A terminal sends Ctrl-C to the whole group; other signals are passed on so that the service can drain.
process.on('SIGINT', () => {})
for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
child.on('exit', (code, signal) => process.exit(code ?? (signal === 'SIGINT' ? 130 : 143)))
