import { expect, test } from 'vitest'
import { figuresInText } from '#domain/service-figure.ts'

test('figures are read from the text that Prometheus reads', () => {
  const text = [
    '# HELP warmcity_stream_head Number of the newest signal',
    '# TYPE warmcity_stream_head gauge',
    'warmcity_stream_head 42',
    'warmcity_quarantine{reason="not_json"} 3',
    'warmcity_quarantine{reason="unknown_metric"} 1.5e+2',
    'warmcity_reader_count{reader="watch",counter="ticks"} 9',
    'process_resident_memory_bytes 123456789',
    '# TYPE warmcity_http_request_seconds histogram',
    'nodejs_eventloop_lag_seconds 0.01',
    'warmcity_edge_nodejs_heap_size_total_bytes 5',
    'warmcity_http_request_seconds_bucket{le="0.1",route="/x",method="GET",status="200"} 7',
    'warmcity_http_request_seconds_sum{route="/x",method="GET",status="200"} 1.5',
    'warmcity_http_request_seconds_sum{route="/y",method="GET",status="404"} 0.5',
    'warmcity_http_request_seconds_count{route="/x",method="GET",status="200"} 7',
    'warmcity_http_request_seconds_count{route="/y",method="GET",status="404"} 2',
    'warmcity_odd NaN',
    '',
  ].join('\n')
  expect(figuresInText(text)).toEqual([
    { figure: 'warmcity_stream_head', value: 42 },
    { figure: 'warmcity_quarantine{reason="not_json"}', value: 3 },
    { figure: 'warmcity_quarantine{reason="unknown_metric"}', value: 150 },
    { figure: 'warmcity_reader_count{reader="watch",counter="ticks"}', value: 9 },
    { figure: 'process_resident_memory_bytes', value: 123_456_789 },
    { figure: 'warmcity_http_request_seconds_sum', value: 2 },
    { figure: 'warmcity_http_request_seconds_count', value: 9 },
  ])
})

test('a text that is none of ours is not read to its end', () => {
  const endless = Array.from({ length: 10_000 }, (_, index) => `figure_${index} 1`).join('\n')
  expect(figuresInText(endless)).toHaveLength(2_000)
})
