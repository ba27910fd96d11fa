import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

/** Starts stock aedes in a process of its own. */
export async function startAedesAlone(): Promise<{ pid: number; port: number; stop(): Promise<void> }> {
  const child = fork(fileURLToPath(new URL('./aedes-alone.ts', import.meta.url)), {
    execArgv: ['--disable-warning=ExperimentalWarning'],
  })
  const [{ port }] = (await once(child, 'message')) as [{ port: number }]
  return {
    pid: child.pid ?? 0,
    port,
    async stop() {
      const exited = once(child, 'exit')
      child.disconnect()
      await exited
    },
  }
}
