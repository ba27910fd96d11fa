/** What the terminal says to people, in both languages. */
const catalogue = {
  en: {
    simulated: (time: string, speed: number) => `simulated time ${time} (Harbin), ${speed} times real speed`,
    simulatedAfterHistory: (time: string, from: string) =>
      `simulated time: history since ${from} fills in, then it is ${time} in Harbin`,
    live: (time: string, speed: number) => `Live: simulated time ${time}, ${speed} times real speed.`,
    real: 'real time',
    broker: 'broker',
    api: 'API',
    reference: 'reference',
    pages: 'pages',
    metrics: 'metrics',
    data: 'data',
    accounts: 'accounts',
    demoPassword: (password: string) => `every demo account has the password "${password}"`,
    firstAdmin: (password: string) => `admin / ${password}   (shown once: keep it)`,
    tryIt: 'try it',
    tryHint: 'a reading of 11 °C in a home: send it twice and a flag rises',
    stop: 'Ctrl-C stops it; a second start goes on from here.',
    history: 'history',
    historyUnit: (day: string, samples: string) => `${day}, ${samples} samples`,
    stopping: 'Draining…',
    stopped: 'Stopped. Nothing is left half written.',
    folderInUse: (path: string, pid: number) =>
      `The data folder ${path} is in use by process ${pid}. Stop that one, or choose another folder with --data.`,
    folderSimulated: (path: string, time: string) =>
      `The data folder ${path} holds a simulated city whose clock stands at ${time}. On the wall clock its readings would make no sense: choose another folder with --data, or go on simulating.`,
    folderReal: (path: string) =>
      `The data folder ${path} belongs to a service on real time. A simulated city must not write into it: choose another folder with --data.`,
    folderAhead: (path: string, time: string) =>
      `The newest reading in ${path} is from ${time}, which is ahead of this machine's clock. Mend the machine's clock, or choose another folder with --data.`,
    outsideAtSpeed:
      '--speed above 1 with --host beyond this machine would let real gateways into a city that runs too fast. Say --allow-outside-at-speed if that is what you want.',
    tlsHalf: '--tls-certificate and --tls-key go together: one of them is missing.',
    serviceEnded: (name: string, how: string) => `${name} ended unexpectedly (${how}); starting it again`,
    serviceFailed: (name: string, why: string) => `${name} could not start: ${why}`,
    clockNotSaved: (path: string, reason: string) =>
      `The city's clock cannot be saved to ${path} (${reason}): make room on its disk, or see to the disk. Everything goes on; after a kill the clock would begin from where it was last saved.`,
    otherCity: (path: string, seed: number, dwellings: number) =>
      `The data folder ${path} holds the city of seed ${seed} with ${dwellings} dwellings. Start with --seed ${seed} --dwellings ${dwellings}, or choose another folder with --data.`,
    preparing: (dwellings: number) => `Building a city of ${dwellings} dwellings…`,
  },
  zh: {
    simulated: (time: string, speed: number) => `模拟时间 ${time}(哈尔滨),${speed} 倍速`,
    simulatedAfterHistory: (time: string, from: string) => `模拟时间:先补入 ${from} 以来的历史,随后是哈尔滨 ${time}`,
    live: (time: string, speed: number) => `已实时运行:模拟时间 ${time},${speed} 倍速。`,
    real: '真实时间',
    broker: '消息代理',
    api: '接口',
    reference: '接口文档',
    pages: '页面',
    metrics: '指标',
    data: '数据目录',
    accounts: '账号',
    demoPassword: (password: string) => `所有演示账号的密码都是 "${password}"`,
    firstAdmin: (password: string) => `admin / ${password}   (只显示一次,请妥善保存)`,
    tryIt: '试一试',
    tryHint: '向某户上报 11 °C:连发两次即产生异常标记',
    stop: '按 Ctrl-C 停止;再次启动会接着运行。',
    history: '历史',
    historyUnit: (day: string, samples: string) => `${day},${samples} 次采样`,
    stopping: '正在排空……',
    stopped: '已停止,没有写到一半的数据。',
    folderInUse: (path: string, pid: number) =>
      `数据目录 ${path} 正被进程 ${pid} 使用。请先停止它,或用 --data 另选目录。`,
    folderSimulated: (path: string, time: string) =>
      `数据目录 ${path} 是一座模拟城市,其时钟停在 ${time},不能按真实时间运行。请用 --data 另选目录,或继续模拟。`,
    folderReal: (path: string) => `数据目录 ${path} 属于真实时间的服务,模拟城市不得写入。请用 --data 另选目录。`,
    folderAhead: (path: string, time: string) =>
      `数据目录 ${path} 中最新读数的时间为 ${time},早于它的是本机时钟。请校准本机时钟,或用 --data 另选目录。`,
    outsideAtSpeed:
      '--speed 大于 1 且 --host 超出本机,会让真实网关接入加速的城市。若确实需要,请加 --allow-outside-at-speed。',
    tlsHalf: '--tls-certificate 与 --tls-key 须同时给出,现缺一个。',
    serviceEnded: (name: string, how: string) => `${name} 意外退出(${how}),正在重新启动`,
    serviceFailed: (name: string, why: string) => `${name} 无法启动:${why}`,
    clockNotSaved: (path: string, reason: string) =>
      `城市时钟无法写入 ${path}(${reason}):请清理或检查磁盘。服务照常运行;若被强制终止,时钟将从上次保存处继续。`,
    otherCity: (path: string, seed: number, dwellings: number) =>
      `数据目录 ${path} 是种子 ${seed}、${dwellings} 户的城市。请用 --seed ${seed} --dwellings ${dwellings} 启动,或用 --data 另选目录。`,
    preparing: (dwellings: number) => `正在生成 ${dwellings} 户的城市……`,
  },
} as const

export type Texts = (typeof catalogue)['en'] | (typeof catalogue)['zh']

/** Chinese where the terminal's language is Chinese, else English. */
export function terminalTexts(env: NodeJS.ProcessEnv): Texts {
  const language = env.LC_ALL || env.LC_MESSAGES || env.LANG || ''
  return language.startsWith('zh') ? catalogue.zh : catalogue.en
}
