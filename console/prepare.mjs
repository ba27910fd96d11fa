// Plain JavaScript that any Node can run: builds the console after an install, where the tools for it are there, into
// `dist` or the folder that it is given.
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const folder = dirname(fileURLToPath(import.meta.url))
const tools = ['vite', '@vitejs/plugin-react', 'react', 'antd']

if (!existsSync(join(folder, 'vite.config.ts'))) {
  // A package that carries the built console and not its sources.
} else if (tools.every((name) => existsSync(join(folder, '../node_modules', name)))) {
  // React and Ant Design leave their checks out only where this says so.
  process.env.NODE_ENV = 'production'
  const { build } = await import('vite')
  const outDir = process.argv[2] ?? 'dist'
  const configFile = join(folder, 'vite.config.ts')
  await build({ configFile, mode: 'production', logLevel: 'warn', build: { outDir, emptyOutDir: true } })
} else {
  console.log(
    'The web console is not built: its tools are development dependencies. "npm ci --include=dev" brings them.',
  )
}
