/** Names of the simulated city. Districts and streets are Harbin's; estates, firms and plants are invented. */

export interface Name {
  readonly name: string
  readonly name_en: string
}

interface District extends Name {
  /** Short form for ids. */
  readonly code: string
  /** Streets of the district that give subdistricts their names; more are numbered. */
  readonly streets: readonly (readonly [string, string])[]
}

export const cityName: Name = { name: '哈尔滨市(模拟)', name_en: 'Harbin (simulated)' }

export const districts: readonly District[] = [
  {
    code: 'daoli',
    name: '道里区',
    name_en: 'Daoli',
    streets: [
      ['新阳路', 'Xinyang Road'],
      ['抚顺', 'Fushun'],
      ['共乐', 'Gongle'],
      ['建国', 'Jianguo'],
      ['康安', 'Kangan'],
      ['通江', 'Tongjiang'],
      ['经纬', 'Jingwei'],
      ['安静', 'Anjing'],
    ],
  },
  {
    code: 'nangang',
    name: '南岗区',
    name_en: 'Nangang',
    streets: [
      ['花园', 'Huayuan'],
      ['革新', 'Gexin'],
      ['芦家', 'Lujia'],
      ['荣市', 'Rongshi'],
      ['和兴路', 'Hexing Road'],
      ['保健路', 'Baojian Road'],
      ['燎原', 'Liaoyuan'],
      ['曲线', 'Quxian'],
    ],
  },
  {
    code: 'xiangfang',
    name: '香坊区',
    name_en: 'Xiangfang',
    streets: [
      ['安埠', 'Anbu'],
      ['通天', 'Tongtian'],
      ['新成', 'Xincheng'],
      ['六顺', 'Liushun'],
      ['安乐', 'Anle'],
      ['健康', 'Jiankang'],
      ['进乡', 'Jinxiang'],
      ['民生', 'Minsheng'],
    ],
  },
  {
    code: 'daowai',
    name: '道外区',
    name_en: 'Daowai',
    streets: [
      ['靖宇', 'Jingyu'],
      ['太古', 'Taigu'],
      ['振江', 'Zhenjiang'],
      ['崇俭', 'Chongjian'],
    ],
  },
  {
    code: 'songbei',
    name: '松北区',
    name_en: 'Songbei',
    streets: [
      ['太阳岛', 'Sun Island'],
      ['松浦', 'Songpu'],
      ['松祥', 'Songxiang'],
    ],
  },
  {
    code: 'pingfang',
    name: '平房区',
    name_en: 'Pingfang',
    streets: [
      ['兴建', 'Xingjian'],
      ['保国', 'Baoguo'],
      ['友协', 'Youxie'],
    ],
  },
  {
    code: 'hulan',
    name: '呼兰区',
    name_en: 'Hulan',
    streets: [
      ['兰河', 'Lanhe'],
      ['腰堡', 'Yaobu'],
      ['利民', 'Limin'],
    ],
  },
  {
    code: 'acheng',
    name: '阿城区',
    name_en: 'Acheng',
    streets: [
      ['金城', 'Jincheng'],
      ['河东', 'Hedong'],
      ['阿什河', 'Ashi River'],
    ],
  },
  { code: 'shuangcheng', name: '双城区', name_en: 'Shuangcheng', streets: [['承旭', 'Chengxu']] },
]

const adjectives: readonly (readonly [string, string])[] = [
  ['松江', 'Songjiang'],
  ['丁香', 'Lilac'],
  ['暖阳', 'Warm Sun'],
  ['冰城', 'Ice City'],
  ['江畔', 'Riverside'],
  ['白桦', 'Birch'],
  ['北苑', 'North Court'],
  ['瑞雪', 'Good Snow'],
  ['锦绣', 'Brocade'],
  ['春晖', 'Spring Light'],
  ['金穗', 'Golden Wheat'],
  ['红松', 'Red Pine'],
  ['雪乡', 'Snow Country'],
  ['和谐', 'Harmony'],
  ['新苑', 'New Court'],
  ['百合', 'Lily'],
  ['紫荆', 'Redbud'],
  ['晨曦', 'Dawn'],
]

const estateKinds: readonly (readonly [string, string])[] = [
  ['小区', 'Estate'],
  ['家园', 'Homes'],
  ['花园', 'Garden'],
  ['嘉苑', 'Residence'],
]

/** Name of the n-th of many: the words first, then numbered rounds of them. */
function numbered(
  words: readonly (readonly [string, string])[],
  index: number,
  ending: readonly [string, string],
  roundName: (round: number) => readonly [string, string] = (round) => [`${round}`, ` ${round}`],
): Name {
  const [chinese, english] = words[index % words.length] ?? ['', '']
  const round = Math.floor(index / words.length)
  const [roundChinese, roundEnglish] = round === 0 ? ['', ''] : roundName(round + 1)
  return { name: `${chinese}${roundChinese}${ending[0]}`, name_en: `${english}${ending[1]}${roundEnglish}` }
}

export const subdistrictName = (district: District, index: number): Name =>
  numbered(district.streets, index, ['街道', ' Subdistrict'])

export const communityName = (index: number): Name => numbered(adjectives, index * 5 + 3, ['社区', ' Community'])

export function estateName(index: number): Name {
  const [chinese, english] = estateKinds[Math.floor(index / adjectives.length) % estateKinds.length] ?? ['', '']
  const round = Math.floor(index / (adjectives.length * estateKinds.length))
  const [adjective, adjectiveEnglish] = adjectives[index % adjectives.length] ?? ['', '']
  return {
    name: `${adjective}${chinese}${round === 0 ? '' : `${round + 1}期`}`,
    name_en: `${adjectiveEnglish} ${english}${round === 0 ? '' : ` Phase ${round + 1}`}`,
  }
}

const firmWords: readonly (readonly [string, string])[] = [
  ['松花热力', 'Songhua Heat'],
  ['白桦热电', 'Birch Power'],
  ['丁香供热', 'Lilac Heating'],
  ['北极星热力', 'Polaris Heat'],
  ['暖阳供热', 'Warm Sun Heating'],
  ['雪松物业供热', 'Cedar Estate Heating'],
]

export const firmName = (index: number): Name => numbered(firmWords, index, ['有限公司', ' Co.'])

const sourceEndings: Readonly<Record<'boilerRoom' | 'chp' | 'peakBoiler', readonly [string, string]>> = {
  boilerRoom: ['锅炉房', ' Boiler House'],
  chp: ['热电厂', ' Power Station'],
  peakBoiler: ['调峰热源', ' Peak Boiler'],
}

const sourceWords: readonly (readonly [string, string])[] = [
  ['江北', 'Jiangbei'],
  ['学府', 'Xuefu'],
  ['群英', 'Qunying'],
  ['东岗', 'Donggang'],
  ['河湾', 'Hewan'],
]

export const sourceName = (kind: keyof typeof sourceEndings, index: number): Name =>
  numbered(sourceWords, index, sourceEndings[kind])

const zoneNames = { low: ['低区', 'low zone'], middle: ['中区', 'middle zone'], high: ['高区', 'high zone'] } as const

export const circuitName = (substation: Name, zone: keyof typeof zoneNames): Name => ({
  name: `${substation.name}${zoneNames[zone][0]}`,
  name_en: `${substation.name_en}, ${zoneNames[zone][1]}`,
})

export const substationName = (estate: Name): Name => ({
  name: `${estate.name}换热站`,
  name_en: `${estate.name_en} Substation`,
})
