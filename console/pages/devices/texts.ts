import { defineTexts } from '../../text/texts.ts'

export const deviceTexts = defineTexts({
  title: { zh: '未分配设备', en: 'Unassigned devices' },
  hint: {
    zh: '这些设备正在上报，但台账里没有它们。读数已保存；认领后，历史读数随之归位。',
    en: 'These devices report but are not in the registry. Their readings are kept, and come with them when they are claimed.',
  },
  empty: { zh: '所有上报的设备都已登记', en: 'Every device that reports is registered' },
  device: { zh: '设备', en: 'Device' },
  gateway: { zh: '网关', en: 'Gateway' },
  firstReading: { zh: '首次读数', en: 'First reading' },
  action: { zh: '操作', en: 'Action' },
  claim: { zh: '认领', en: 'Claim' },
  claimTitle: { zh: (device: string) => `认领设备 ${device}`, en: (device: string) => `Claim ${device}` },
  kind: { zh: '设备类型', en: 'Kind of device' },
  probe: { zh: '室温采集器', en: 'Indoor probe' },
  plantSensor: { zh: '厂站测点', en: 'Plant sensor' },
  weatherStation: { zh: '气象站', en: 'Weather station' },
  model: { zh: '型号（可选）', en: 'Model (optional)' },
  placeKind: { zh: '安装在', en: 'Installed in' },
  placeMissing: { zh: '请选择位置', en: 'Choose where it hangs' },
  sampling: { zh: '采样间隔（分钟）', en: 'Samples every (minutes)' },
  reporting: { zh: '上报间隔（分钟）', en: 'Reports every (minutes)' },
  tolerance: { zh: '标称误差（K）', en: 'Stated tolerance (K)' },
  claimed: { zh: (device: string) => `${device} 已认领`, en: (device: string) => `${device} is claimed` },
})
