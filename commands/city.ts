import { registryCsv } from '../simulators/registry-csv.ts'
import { defineCommand, exitCode } from './command.ts'
import { simulationOptions } from './simulation-options.ts'

export const city = defineCommand({
  name: 'city',
  usage: 'make FOLDER',
  summary: 'Writes the registry of a simulated city as CSV files, one a table, for any number of dwellings',
  positionalsMax: 2,
  options: { seed: simulationOptions.seed, dwellings: simulationOptions.dwellings },
  async run(values, [action, folder]) {
    if (action !== 'make' || folder === undefined) {
      console.error('warmcity city: say what to make and where: make FOLDER')
      return exitCode.usage
    }
    const counts = await registryCsv({
      ...values,
      folder,
      onProgress: (rows) => process.stderr.isTTY && process.stderr.write(`\r${rows.toLocaleString('en')} rows`),
    })
    if (process.stderr.isTTY) process.stderr.write('\n')
    for (const [table, rows] of Object.entries(counts)) console.log(`${table}.csv ${rows}`)
    return exitCode.ok
  },
})
