import { globSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { parseArgs } from 'node:util'
import { type GenerateOptions, generateDefaults, generateFiles } from './generate.ts'

/** Writes dashboards and provisioning: `npm run dashboards -- --console https://warm.example --out FOLDER`. */
const { values } = parseArgs({
  options: {
    city: { type: 'string', default: generateDefaults.city },
    console: { type: 'string', default: generateDefaults.consoleUrl },
    out: { type: 'string', default: import.meta.dirname },
  },
})

const options: GenerateOptions = { city: values.city, consoleUrl: values.console.replace(/\/$/, '') }
const files = generateFiles(options)
// What is made no more must not stay behind.
for (const path of globSync('{generated,provisioning}/**/*.{json,yaml}', { cwd: values.out })) {
  if (!files.has(path)) rmSync(join(values.out, path))
}
for (const [path, content] of files) {
  mkdirSync(dirname(join(values.out, path)), { recursive: true })
  writeFileSync(join(values.out, path), content)
}
console.log(`${files.size} files in ${values.out}`)
