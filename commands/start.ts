import { isLoopback } from '#domain/host.ts'
import { type ClockAnchor, dayMs } from '#domain/time.ts'
import { printBanner } from './banner.ts'
import { cityTimeText } from './city-time.ts'
import { makeCityClock } from './clock.ts'
import { defineCommand, exitCode } from './command.ts'
import { apiOptions, edgeOptions, hostOption, logLevelOption } from './common-options.ts'
import { type DataFolder, lockDataFolder, makeClockSaver, readKeptClock } from './data-folder.ts'
import { demoOpeningMs, prepareDemo } from './demo.ts'
import { folderObjection } from './folder-check.ts'
import { type Household, startHousehold } from './household.ts'
import { folderOf, folderOptions } from './ledger-options.ts'
import { flagOption, type OptionValues, positiveInteger } from './options.ts'
import { prepareService } from './service-accounts.ts'
import { scenarioSpeeds, simulatedDwellingsMin, simulationOptions } from './simulation-options.ts'
import { terminalTexts } from './texts.ts'

/** The city clock is saved this often; a killed service resumes at most this far back. */
const clockSaveMs = 2_000

/** A dwelling with its physics takes about 3 KB; larger registries come from `warmcity city make`. */
const simulatedDwellingsMax = 100_000

const startOptions = {
  ...folderOptions,
  host: hostOption,
  ...edgeOptions,
  ...apiOptions,
  simulator: { ...flagOption('WARMCITY_SIMULATOR', 'run on real time, without a simulated city'), default: true },
  ...simulationOptions,
  dwellings: {
    ...simulationOptions.dwellings,
    schema: positiveInteger(
      'the number of dwellings that this command simulates',
      simulatedDwellingsMax,
      simulatedDwellingsMin,
    ),
  },
  speed: {
    env: 'WARMCITY_SPEED',
    schema: positiveInteger('the speed', 3_600),
    placeholder: 'N',
    help: `times real speed at which the simulated city and the service run [${Object.entries(scenarioSpeeds)
      .map(([scenario, speed]) => `${speed} in ${scenario}`)
      .join(', ')}]`,
  },
  historyDays: {
    env: 'WARMCITY_HISTORY_DAYS',
    default: 3,
    schema: positiveInteger('the history in days', 28),
    placeholder: 'DAYS',
    help: 'days of simulated history that fill in at the first start',
  },
  allowOutsideAtSpeed: flagOption(
    'WARMCITY_ALLOW_OUTSIDE_AT_SPEED',
    'let gateways from outside into a city that runs fast',
  ),
  logLevel: { ...logLevelOption, default: 'warn' as const },
}
type GivenValues = OptionValues<typeof startOptions>
/** The options, with the speed that the scenario asks for where none was given. */
export type StartValues = GivenValues & { readonly speed: number }

export const start = defineCommand({
  name: 'start',
  summary: 'Everything on one machine: broker, ingest, API and, unless told otherwise, a simulated city',
  options: startOptions,
  async run(given) {
    const values: StartValues = { ...given, speed: given.speed ?? scenarioSpeeds[given.scenario] }
    const texts = terminalTexts(process.env)
    const outside = !isLoopback(values.host)
    if (values.simulator && values.speed > 1 && outside && !values.allowOutsideAtSpeed) {
      console.error(texts.outsideAtSpeed)
      return exitCode.usage
    }
    if ((values.tlsCertificate === undefined) !== (values.tlsKey === undefined)) {
      console.error(texts.tlsHalf)
      return exitCode.usage
    }
    const folder = folderOf(values)
    const lock = lockDataFolder(folder)
    if (!lock.ok) {
      console.error(texts.folderInUse(folder.path, lock.pid))
      return exitCode.usage
    }
    try {
      const objection = await folderObjection(folder, values.simulator, Date.now(), texts)
      if (objection === undefined) return await runHousehold(values, folder)
      console.error(objection)
      return exitCode.usage
    } finally {
      lock.unlock()
    }
  },
})

async function runHousehold(values: StartValues, folder: DataFolder): Promise<number> {
  const texts = terminalTexts(process.env)
  const clock = makeCityClock(firstAnchor(values, folder))
  const service = await prepareService(folder, clock.now(), values.simulator)
  const demo = values.simulator
    ? await prepareDemo(folder, { ...values, opensAt: demoOpeningMs }, clock.now(), texts)
    : undefined
  let historyDone = !values.simulator || readKeptClock(folder)?.historyDone === true
  const saveClock = makeClockSaver(
    folder,
    () => ({ cityMs: clock.now(), simulated: values.simulator, historyDone }),
    (reason) => console.error(texts.clockNotSaved(folder.clock, reason)),
  )
  saveClock()

  const household: Household = startHousehold({ values, folder, clock, texts, service })
  const caughtUp = demo && household.simulate({ until: historyDone ? clock.now() : demoOpeningMs })
  // What goes wrong before all is ready is told by `ready`.
  caughtUp?.catch(() => undefined)
  let isPasswordShown = service.firstAdminPassword === undefined
  const stop = stopRequested()
  const saving = setInterval(saveClock, clockSaveMs)
  try {
    const addresses = await Promise.race([household.ready, stop])
    if (addresses !== undefined) {
      printBanner({ values, folder, clock, texts, addresses, demo, firstAdminPassword: service.firstAdminPassword })
      isPasswordShown = true
      if (caughtUp) {
        await Promise.race([
          caughtUp.then(() => {
            historyDone = true
            console.error(`  ${texts.live(cityTimeText(clock.now()), clock.anchor().speed)}`)
          }),
          stop,
        ])
        saveClock()
      }
      await stop
    }
    return exitCode.ok
  } catch (error) {
    console.error((error as Error).message)
    return exitCode.failed
  } finally {
    clearInterval(saving)
    // The account is there although nothing else came up, and nobody could make another.
    if (!isPasswordShown) console.log(texts.firstAdmin(service.firstAdminPassword ?? ''))
    await household.stop()
    saveClock()
    console.error(texts.stopped)
  }
}

/** Where the city's clock begins: where the folder left it, else before the history that leads up to the opening. */
function firstAnchor(values: StartValues, folder: DataFolder): ClockAnchor {
  const wallMs = Date.now()
  if (!values.simulator) return { cityMs: wallMs, wallMs, speed: 1, simulated: false, catchingUp: false }
  const kept = readKeptClock(folder)
  const live = kept?.historyDone === true
  return {
    cityMs: kept?.cityMs ?? demoOpeningMs - values.historyDays * dayMs,
    wallMs,
    speed: live ? values.speed : 0,
    simulated: true,
    catchingUp: !live,
  }
}

/** Resolves at the first Ctrl-C or SIGTERM; a second one ends the process at once. */
function stopRequested(): Promise<undefined> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.once(signal, () => {
        resolve(undefined)
        process.once(signal, () => process.exit(exitCode.failed))
      })
    }
  })
}
