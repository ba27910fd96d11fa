import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { brotliCompress, constants, gzip } from 'node:zlib'
import react from '@vitejs/plugin-react'
import { defineConfig, type Plugin } from 'vite'

const root = fileURLToPath(new URL('.', import.meta.url))

/** Smaller than this, a compressed file saves no packet. */
const compressedBytesMin = 1_024

/** Writes `.br` and `.gz` beside every text that is served, so that no request waits for a compressor. */
function compressOutput(): Plugin {
  return {
    name: 'compress-output',
    apply: 'build',
    async writeBundle({ dir = '' }) {
      const files = await readdir(dir, { recursive: true })
      await Promise.all(files.filter((file) => /\.(js|css|svg)$/.test(file)).map((file) => compress(join(dir, file))))
    },
  }
}

async function compress(file: string): Promise<void> {
  const bytes = await readFile(file)
  if (bytes.length < compressedBytesMin) return
  // One below the best: the best takes ten times as long for a few percent.
  const quality = { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } }
  await Promise.all([
    promisify(brotliCompress)(bytes, quality).then((small) => writeFile(`${file}.br`, small)),
    promisify(gzip)(bytes, { level: 9 }).then((small) => writeFile(`${file}.gz`, small)),
  ])
}

/** Where Ant Design's library makes a style sheet, and the line that gives it a nonce, if it was told one. */
const styleMaker = '/@rc-component/util/es/Dom/dynamicCSS.js'
const givesNonce = 'if (csp?.nonce) {'

/**
 * Gives the nonce of the page to the style sheets that Ant Design makes without: those that measure the scroll bar and
 * hold the page still behind a dialog. The policy refuses them otherwise.
 */
function nonceForAllStyles(): Plugin {
  return {
    name: 'nonce-for-all-styles',
    transform(code, id) {
      if (!id.endsWith(styleMaker)) return undefined
      if (!code.includes(givesNonce)) throw new Error(`${styleMaker} no longer says "${givesNonce}"`)
      const ofPage = `styleNode.nonce = document.querySelector('meta[property="csp-nonce"]')?.nonce ?? '';`
      return { code: code.replace(givesNonce, `${ofPage}\n  ${givesNonce}`), map: null }
    },
  }
}

export default defineConfig({
  root,
  plugins: [react(), nonceForAllStyles(), compressOutput()],
  build: {
    outDir: 'dist',
    target: 'es2023',
    assetsInlineLimit: 0,
    reportCompressedSize: false,
    chunkSizeWarningLimit: 1_500,
  },
})
