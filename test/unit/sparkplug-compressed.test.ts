import { deflateSync, gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { unpackSparkplug } from '../../ingest/codecs/sparkplug-compressed.ts'
import { sparkplugBytes } from '../codecs/sparkplug-bytes.ts'

const around = { at: 7, seq: 3, metrics: [], compressed: undefined }
const within = sparkplugBytes({ timestamp: 5, seq: 1, metrics: [{ name: 'a', dataType: 'Int32', value: 1 }] })

test('time and sequence number are those within, and those outside where there are none', () => {
  for (const compress of [gzipSync, deflateSync]) {
    expect(unpackSparkplug(around, compress(within))).toMatchObject({ at: 5, seq: 1, metrics: [{ name: 'a' }] })
    expect(unpackSparkplug(around, compress(sparkplugBytes({})))).toMatchObject({ at: 7, seq: 3, metrics: [] })
  }
})

test('few bytes that would fill the memory are refused, as is what is cut off', () => {
  expect(unpackSparkplug(around, gzipSync(Buffer.alloc(64 << 20)))).toMatchObject({ code: 'too_large' })
  const whole = gzipSync(within)
  for (let length = 0; length < whole.length; length++) {
    expect(unpackSparkplug(around, whole.subarray(0, length))).toMatchObject({ code: 'schema' })
  }
})
