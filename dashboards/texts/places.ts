import type { PanelTexts, Said } from './said.ts'

export const placeTexts = {
  firmBoard: {
    title: { zh: '暖城 · 供热企业', en: 'Warmcity · Firm' },
    description: {
      zh: '一家企业供的户暖不暖、哪个站拖后腿、和全市比如何、历次榜单得分。',
      en: 'Are the homes of a firm warm, which station lags, how does it compare with the city, and how did it score.',
    },
  },
  sourceBoard: {
    title: { zh: '暖城 · 热源', en: 'Warmcity · Source' },
    description: {
      zh: '锅炉房、热电厂、调峰热源：供回水对曲线、压力、流量、补水、煤还够几天，以及它供的换热站。',
      en: 'Boiler room, heat and power plant or peak boiler: supply and return against the curve, pressures, flow, make-up, days of coal, and the substations it feeds.',
    },
  },
  substationBoard: {
    title: { zh: '暖城 · 换热站', en: 'Warmcity · Substation' },
    description: {
      zh: '各换热机组的供温对曲线、压差、补水率、水泵、阀门与站点报警，以及它供的楼栋。',
      en: 'Supply against the curve, differential pressures, make-up, pumps, valve and station alarms of each circuit, and the buildings it feeds.',
    },
  },
  buildingBoard: {
    title: { zh: '暖城 · 楼栋', en: 'Warmcity · Building' },
    description: {
      zh: '一栋楼的室温分布，与所属换热站、热源比较。少于十户实测的楼栋不在这里，请在控制台以相应权限查看。',
      en: 'Indoor temperatures of a building beside its substation. Buildings of fewer than ten measured homes are not here: look in the console, with the right to.',
    },
  },
  belongs: {
    title: { zh: '上级', en: 'Belongs to' },
    description: {
      zh: '所属的区、企业、热源和换热站；点击编号打开上级的看板。',
      en: 'District, firm, source and substation that it belongs to; an id leads to its dashboard.',
    },
  },
  rowPlant: { zh: '设备', en: 'Plant' },
  rowCircuits: { zh: '换热机组', en: 'Circuits' },
  rowScores: { zh: '榜单', en: 'Lists' },
  rowNeighbours: { zh: '与上级比较', en: 'Beside what it belongs to' },
  substationsOfFirm: {
    title: { zh: '所辖换热站', en: 'Its substations' },
    description: { zh: '该企业各换热站最近的数字。', en: 'The newest figures of each of its substations.' },
  },
  substationsOfSource: {
    title: { zh: '所供换热站', en: 'Substations it feeds' },
    description: { zh: '该热源所供各换热站最近的数字。', en: 'The newest figures of the substations that it feeds.' },
  },
  buildingsOfSubstation: {
    title: { zh: '所供楼栋', en: 'Buildings it feeds' },
    description: {
      zh: '实测十户及以上的楼栋最近的数字。同站有冷有热，多半是楼栋平衡问题。',
      en: 'The newest figures of buildings with ten or more measured homes. Warm and cold ones at one station speak of balancing.',
    },
  },
  scoreHistory: {
    title: { zh: '历次榜单得分与 95% 区间', en: 'Scores on published lists with 95 % intervals' },
    description: {
      zh: '区间来自实测户只是一部分；区间重叠的企业分不出高下。',
      en: 'The interval comes from measuring only a part of the homes; firms whose intervals overlap cannot be told apart.',
    },
  },
  supplyAndCurve: {
    title: { zh: '供回水温度与曲线设定', en: 'Supply and return against the curve' },
    description: {
      zh: '实测供水低于曲线设定超过政策给的余量并持续，就会标记为供温不足。',
      en: 'Supply that stays below the curve by more than the margin of the policy is flagged as supply under the curve.',
    },
  },
  belowCurve: {
    title: { zh: '供温低于曲线', en: 'Supply below the curve' },
    description: {
      zh: '曲线设定减实测供温；黄色起即政策里的报警余量。',
      en: 'What the curve asks for less what is measured; from yellow on it is the margin of the policy.',
    },
  },
  pressures: {
    title: { zh: '压力', en: 'Pressures' },
    description: { zh: '供回水压力。', en: 'Supply and return pressures.' },
  },
  primaryDifference: {
    title: { zh: '一次侧压差', en: 'Differential pressure, primary side' },
    description: {
      zh: '热源到换热站一侧的供回水压差；压差不够，阀门开到头也不热。',
      en: 'Supply less return on the side of the source: without enough of it a valve wide open brings no heat.',
    },
  },
  differences: {
    title: { zh: '二次侧压差', en: 'Differential pressure, secondary side' },
    description: {
      zh: '压差没有而泵在转，多半是阀门关死或过滤器堵塞。',
      en: 'No difference while pumps run speaks of a shut valve or a blocked strainer.',
    },
  },
  flows: {
    title: { zh: '流量', en: 'Flows' },
    description: {
      zh: '低于政策里的断流下限并持续，就是断流。',
      en: 'Flow that stays below the limit of the policy is no flow.',
    },
  },
  makeUp: {
    title: { zh: '补水率', en: 'Make-up share' },
    description: {
      zh: '补水流量占循环流量的比例；持续偏高说明漏水或有人放水。',
      en: 'Make-up by circulating flow; when it stays high water is lost.',
    },
  },
  makeUpFlow: {
    title: { zh: '补水流量', en: 'Make-up flow' },
    description: {
      zh: '一次网补水流量；持续偏高说明管网漏水。',
      en: 'Make-up water of the network; when it stays high the network leaks.',
    },
  },
  pumpStates: {
    title: { zh: '水泵', en: 'Pumps' },
    description: { zh: '1 为运行，0 为停止。', en: '1 is running, 0 is stopped.' },
  },
  powerSupply: {
    title: { zh: '供电', en: 'Power supply' },
    description: { zh: '站点供电：1 为有电，0 为断电。', en: 'Power at the station: 1 is there, 0 is without.' },
  },
  pumpFrequency: {
    title: { zh: '水泵频率', en: 'Pump frequency' },
    description: { zh: '变频器输出频率。', en: 'Output frequency of the drive.' },
  },
  valve: {
    title: { zh: '一次侧阀门开度', en: 'Valve on the primary side' },
    description: {
      zh: '开到头而供温仍低于曲线，说明一次侧不够热。',
      en: 'Wide open with supply below the curve: the primary side is not hot enough.',
    },
  },
  heat: {
    title: { zh: '热功率', en: 'Heat power' },
    description: { zh: '瞬时热功率。', en: 'Heat power at the moment.' },
  },
  coalDays: {
    title: { zh: '煤够几天', en: 'Days of coal' },
    description: {
      zh: '现有存煤除以所选时间内的日均耗煤；进煤的小时不计。没有耗煤时不显示。',
      en: 'Coal in stock by what was burnt a day in the shown time; hours in which coal came in are left out. Nothing where nothing was burnt.',
    },
  },
  coalStock: {
    title: { zh: '存煤', en: 'Coal in stock' },
    description: { zh: '煤场存煤，上升即进煤。', en: 'Coal in the yard; where it rises, coal came in.' },
  },
  stationAlarms: {
    title: { zh: '站点控制器报警', en: 'Alarms of the station controller' },
    description: {
      zh: '所选时间内控制器报警位为 1 的换热机组数；0 为无报警。',
      en: "Circuits whose controller's alarm bit was 1 in the shown time.",
    },
  },
  tank: {
    title: { zh: '水箱液位', en: 'Tank level' },
    description: { zh: '补水箱液位。', en: 'Level of the make-up tank.' },
  },
  besideSubstation: {
    title: { zh: '中位室温：本楼与所属换热站', en: 'Median indoor temperature: building and substation' },
    description: {
      zh: '楼低而站不低，问题在楼里；一起低，问题在站上或更上游。',
      en: 'Only the building low: the trouble is inside. Both low: it is the station or above.',
    },
  },
} as const satisfies Record<string, PanelTexts | Said>
