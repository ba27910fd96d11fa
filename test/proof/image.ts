import { execFileSync } from 'node:child_process'
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { parse } from 'yaml'
import { optionsOrExit } from '../support/command-line.ts'
import { copyOf, type Instruction, listOf, readStages, type Stage } from '../support/dockerfile.ts'
import { freePort } from '../support/free-port.ts'
import { type Installation, runServicesApart, startCommand } from '../support/services-apart.ts'

/*
 * Goes through the steps of the image in clean folders, with the Node that the image has, and runs the services from
 * what comes out: as a user without rights, who cannot write there. It shows that the steps fit together and that
 * nothing is missing. It does not show that a container engine takes them: where there is none, nothing can.
 */
const root = join(import.meta.dirname, '../..')
/** The image's "node". Files are the owner's, who is somebody else. */
const imageUser = 1000

optionsOrExit({})
const context = mkdtempSync(join(tmpdir(), 'warmcity-context-'))
const stageRoots = mkdtempSync(join(tmpdir(), 'warmcity-image-'))
const data = mkdtempSync(join(tmpdir(), 'warmcity-image-data-'))
chmodSync(stageRoots, 0o755)

try {
  const pinned = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).devDependencies.node
  if (process.versions.node !== pinned) throw new Error(`This is Node ${process.versions.node}, not ${pinned}`)
  copyContext()
  const stages = readStages(join(root, 'Dockerfile'))
  for (const stage of stages) buildStage(stage)
  const image = stages.at(-1)
  if (image === undefined) throw new Error('The Dockerfile has no stages')
  await runImage(image)
  console.log('PASSED: the steps of the image give a service that runs. No container engine was asked.')
} finally {
  for (const folder of [context, stageRoots, data]) rmSync(folder, { recursive: true, force: true })
}

/** The last commit, and of that what .dockerignore lets through: what a build from a fresh clone is given. */
function copyContext(): void {
  const ignore = readFileSync(join(root, '.dockerignore'), 'utf8').split('\n')
  const given = ignore.filter((line) => line.startsWith('!')).map((line) => line.slice(1))
  const archive = join(data, 'context.tar')
  execFileSync('git', ['archive', '--format=tar', `--output=${archive}`, 'HEAD', ...given], { cwd: root })
  execFileSync('tar', ['-xf', archive, '-C', context])
  rmSync(archive)
  const commit = execFileSync('git', ['log', '-1', '--format=%h %s'], { cwd: root, encoding: 'utf8' }).trim()
  console.log(`the last commit: ${commit}`)
}

function buildStage({ name, from, instructions }: Stage): void {
  const folder = join(stageRoots, name)
  if (existsSync(join(stageRoots, from))) cpSync(join(stageRoots, from), folder, { recursive: true })
  else mkdirSync(folder)
  for (const instruction of instructions) {
    if (instruction.name === 'COPY') copy(folder, instruction)
    else if (instruction.name === 'RUN') run(name, folder, instruction)
  }
}

/** Where a path of the image is; what is not absolute is in the working folder, of which there is only one. */
function inStage(folder: string, path: string): string {
  return join(folder, path.replace(/^\/opt\/warmcity\/?/, ''))
}

function copy(folder: string, instruction: Instruction): void {
  const { stage, sources, target } = copyOf(instruction)
  for (const source of sources) {
    const from = stage === undefined ? join(context, source) : inStage(join(stageRoots, stage), source)
    const to = inStage(folder, target.endsWith('/') ? join(target, basename(source)) : target)
    mkdirSync(dirname(to), { recursive: true })
    cpSync(from, to, { recursive: true })
  }
}

function run(stage: string, folder: string, { text }: Instruction): void {
  if (!/^(npm|node) /.test(text)) {
    console.log(`${stage}: left out, because it changes the machine: ${text}`)
    return
  }
  const startedMs = performance.now()
  execFileSync('sh', ['-c', text], { cwd: folder, env: buildEnvironment(), stdio: ['ignore', 'ignore', 'inherit'] })
  console.log(`${stage}: ${text} (${((performance.now() - startedMs) / 1000).toFixed(1)} s)`)
}

/** npm's settings, certificates and proxies are the machine's, as they would be those of a build. */
function buildEnvironment(): NodeJS.ProcessEnv {
  const { NODE_ENV: _, ...machine } = process.env
  return { ...machine, PATH: `${dirname(process.execPath)}:${machine.PATH}` }
}

async function runImage({ name, instructions }: Stage): Promise<void> {
  const folder = join(stageRoots, name)
  const tools = ['typescript', 'vitest', 'vite', 'react', 'node'].filter((tool) =>
    existsSync(join(folder, 'node_modules', tool)),
  )
  if (tools.length > 0) throw new Error(`The image has what only developers need: ${tools.join(', ')}`)
  console.log(`image: ${readdirSync(folder).sort().join(' ')}, ${megabytes(folder)} MB`)
  const entry = instructions.filter((instruction) => instruction.name === 'ENTRYPOINT').map(listOf)[0] ?? []
  const command = entry.map((word) => (word === 'node' ? process.execPath : inStage(folder, word)))
  chmodSync(data, 0o777)
  const isRoot = process.getuid?.() === 0
  if (!isRoot) console.log('Not run as root: the services run as you are, and could write where the image is.')
  const environment = { NODE_ENV: 'production', HOME: data }
  const installation: Installation = { command, folder: '/', environment, ...(isRoot && { user: imageUser }) }

  const version = startCommand(installation, ['--version'])
  if ((await version.ended) !== 0) throw new Error(version.output())
  console.log(`version ${version.output().trim()}`)
  const { firstReadingMs, ended } = await runServicesApart(installation, data)
  if (Object.values(ended).some((code) => code !== 0)) throw new Error(`exit codes: ${JSON.stringify(ended)}`)
  console.log(
    `first reading at the API ${(firstReadingMs / 1000).toFixed(1)} s after the simulator's start; all ended with 0`,
  )
  await tryHealthChecks(installation)
}

function megabytes(folder: string): number {
  return Math.round(Number(execFileSync('du', ['-sk', folder], { encoding: 'utf8' }).split('\t')[0]) / 1024)
}

/** The health checks of the compose file, against a port where nobody listens. */
async function tryHealthChecks(installation: Installation): Promise<void> {
  const { services } = parse(readFileSync(join(root, 'docker-compose.yml'), 'utf8'), { merge: true })
  const port = await freePort()
  for (const service of ['edge', 'api']) {
    const [, , ...words] = services[service].healthcheck.test as string[]
    const args = words.map((word) => word.replace(/127\.0\.0\.1:\d+/, `127.0.0.1:${port}`))
    const check = startCommand({ ...installation, command: [process.execPath] }, args)
    if ((await check.ended) !== 1 || check.output() !== '') throw new Error(`${service}: ${check.output()}`)
  }
  console.log('health checks: a service that does not answer is not well')
}
