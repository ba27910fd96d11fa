import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

/** What a process has used since it began, as Linux tells it. */
export interface ProcessUsage {
  readonly cpuSeconds: number
  readonly rssMb: number
  /** Bytes that were sent to the block device, page by page, or will be. */
  readonly writtenBytes: number
}

const ticksPerSecond = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }))

/** Reads a process of this machine; all its threads count. Needs Linux. */
export function processUsage(pid: number): ProcessUsage {
  const read = (name: string) => readFileSync(`/proc/${pid}/${name}`, 'utf8')
  // The name of the process stands in brackets and may hold spaces; user and system time are fields 14 and 15.
  const fields = read('stat')
    .replace(/^.*\) /, '')
    .split(' ')
  const number = (text: string, name: string) => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(text)?.[1] ?? 0)
  return {
    cpuSeconds: (Number(fields[11]) + Number(fields[12])) / ticksPerSecond,
    rssMb: number(read('status'), 'VmRSS') / 1024,
    writtenBytes: number(read('io'), 'write_bytes'),
  }
}
