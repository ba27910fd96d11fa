import { DeleteOutlined, PlusOutlined } from '@ant-design/icons'
import { Button, Form, Input, InputNumber, Select } from 'antd'
import { metrics } from '#domain/metric.ts'
import { useTexts } from '../../settings/settings.tsx'
import { metricNames } from './mapping.ts'

/** Which field of the payload is which metric. */
export function FieldRows() {
  const texts = useTexts()
  const metricOptions = metricNames.map((value) => ({
    value,
    label: `${texts.metric[value]}${metrics[value].unit === '' ? '' : ` (${metrics[value].unit})`}`,
  }))
  return (
    <Form.List name="fields">
      {(rows, { add, remove }) => (
        <>
          {rows.map(({ key, name }) => (
            <div className="form-columns field-row" key={key}>
              <Form.Item
                name={[name, 'field']}
                label={texts.mapping.field}
                rules={[{ required: true, whitespace: true, message: texts.mapping.needed }]}
              >
                <Input />
              </Form.Item>
              <Form.Item name={[name, 'metric']} label={texts.mapping.metric}>
                <Select
                  allowClear
                  showSearch={{ optionFilterProp: 'label' }}
                  placeholder={texts.mapping.ignored}
                  options={metricOptions}
                />
              </Form.Item>
              <Form.Item name={[name, 'scale']} label={texts.mapping.scale}>
                <InputNumber />
              </Form.Item>
              <Form.Item name={[name, 'shift']} label={texts.mapping.shift}>
                <InputNumber />
              </Form.Item>
              <Form.Item name={[name, 'unit']} label={texts.mapping.unit}>
                <Input />
              </Form.Item>
              <Form.Item name={[name, 'invalid']} label={texts.mapping.invalid}>
                <Input />
              </Form.Item>
              <Button
                className="field-remove"
                type="text"
                icon={<DeleteOutlined />}
                aria-label={texts.mapping.removeField}
                onClick={() => remove(name)}
              />
            </div>
          ))}
          <Button type="dashed" icon={<PlusOutlined />} onClick={() => add({})}>
            {texts.mapping.addField}
          </Button>
        </>
      )}
    </Form.List>
  )
}
