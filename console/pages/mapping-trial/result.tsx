import { Alert } from 'antd'
import { metrics } from '#domain/metric.ts'
import type { Schemas } from '../../api/client.ts'
import { Panel } from '../../parts/page.tsx'
import { PlainTable } from '../../parts/plain-table.tsx'
import { useFormats, useTexts } from '../../settings/settings.tsx'

type Trial = Schemas['MappingTrial']

/** What deliveries like this one would become. */
export function TrialResult({ result: { readings, problems } }: { readonly result: Trial }) {
  const texts = useTexts()
  return (
    <Panel title={texts.mapping.result}>
      {readings.length === 0 && <Alert type="warning" showIcon title={texts.mapping.noReadings} />}
      {problems.length > 0 && <Problems problems={problems} />}
      {readings.length > 0 && <Readings readings={readings} />}
    </Panel>
  )
}

function Problems({ problems }: Pick<Trial, 'problems'>) {
  const texts = useTexts()
  return (
    <Alert
      type="error"
      showIcon
      title={texts.mapping.problems}
      description={
        <ul>
          {problems.map(({ code, path, detail }) => (
            <li key={`${code} ${path} ${detail}`}>{`${code} ${path}: ${detail}`}</li>
          ))}
        </ul>
      }
    />
  )
}

function Readings({ readings }: Pick<Trial, 'readings'>) {
  const texts = useTexts()
  const { dateTime, quantity } = useFormats()
  return (
    <PlainTable
      label={texts.mapping.readings}
      columns={(['device', 'metric', 'at', 'value', 'quality'] as const).map((column) => texts.mapping[column])}
      rows={readings.map(({ address, metric, at, value, quality }) => [
        address,
        texts.metric[metric],
        dateTime(at),
        quantity(value, metrics[metric].unit),
        quality === undefined ? texts.app.none : texts.quality[quality],
      ])}
    />
  )
}
