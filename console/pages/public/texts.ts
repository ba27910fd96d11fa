import { defineTexts } from '../../text/texts.ts'

/** What anybody reads who is not signed in, and what a resident is given on paper. */
export const publicTexts = defineTexts({
  title: { zh: '供热企业红黑榜', en: 'Red and black list of heating firms' },
  hint: {
    zh: '由市供热主管部门发布，依据室温与厂站实测数据。',
    en: 'Published by the heating regulator, from measured rooms and plants.',
  },
  empty: { zh: '尚未发布榜单', en: 'No list is published yet' },
  choose: { zh: '选择一期', en: 'Choose a list' },
  print: { zh: '打印', en: 'Print' },
  toConsole: { zh: '登录控制台', en: 'Sign in to the console' },

  whoHeats: { zh: '我家由谁供热', en: 'Who heats my building' },
  whoHeatsSearch: { zh: '输入楼栋或小区名称', en: 'Name of the building or estate' },
  nobodyHeats: { zh: '没有登记的供热企业', en: 'No firm is registered' },
  noBuilding: { zh: '没有找到这栋楼', en: 'No such building' },
  noPhone: { zh: '未登记电话', en: 'no number registered' },

  listOf: {
    zh: (territory: string, period: string) => `${territory} ${period}`,
    en: (territory: string, period: string) => `${territory}, ${period}`,
  },
  openUntil: {
    zh: (list: string, until: string) => `${list} 的榜单正在公示，${until} 前可提出异议。`,
    en: (list: string, until: string) => `The list of ${list} is open to objections until ${until}.`,
  },
  toObjection: { zh: '凭异议码提出异议', en: 'Object with a code' },
  objectionTitle: { zh: '对榜单提出异议', en: 'Object to a list' },
  objectionHint: {
    zh: '凭街道办或社区发给您的异议码，对为您家供热的企业的名次提出异议。无需登录；异议码不记录是哪一户，只能用一次。',
    en: 'With the code from your street office or community you object to the place of the firm that heats your home. You need not sign in; the code does not say whose home it is, and is good once.',
  },
  noPeriod: { zh: '目前没有公示中的榜单', en: 'No list is open to objections now' },
  noPeriodHint: {
    zh: '榜单公示期间可凭街道办或社区发放的异议码提出异议。',
    en: 'While one is, residents object with a code from their street office or community.',
  },
  list: { zh: '榜单', en: 'List' },
  code: { zh: '异议码', en: 'Code' },
  codeHint: {
    zh: '16 位字母和数字，不分大小写，空格可有可无',
    en: '16 letters and digits; capitals and spaces do not matter',
  },
  codeShape: { zh: '异议码应为 16 位字母和数字', en: 'A code has 16 letters and digits' },
  evidenceHint: {
    zh: '例如测温的日期和度数、照片、报修或投诉单号',
    en: 'For example days and temperatures that you measured, photographs, numbers of complaints',
  },
  send: { zh: '提交异议', en: 'Send the objection' },
  sent: { zh: '异议已收到', en: 'Your objection was received' },
  sentHint: {
    zh: '榜单发布前，主管部门会对每条异议作出处理并说明理由。这个异议码已经用完。',
    en: 'The regulator decides every objection, with reasons, before the list is published. Your code is used up.',
  },
  wrongCode: {
    zh: '异议码不属于这份榜单，或者已经用过。请核对；仍不行时请到发码的街道办或社区重新领取。',
    en: 'The code is not for this list, or it was used already. Check it; if it still does not work, ask whoever gave it to you for another.',
  },
  over: { zh: '这份榜单的异议期已经结束。', en: 'The time for objections to this list is over.' },
  tooMany: { zh: '提交次数过多，请稍后再试。', en: 'Too many attempts: try again later.' },
  backToLists: { zh: '查看公开榜单', en: 'Published lists' },

  slipTitle: { zh: '居民异议码', en: 'Code for an objection' },
  slipUntil: { zh: '有效期至', en: 'Good until' },
  slipWhere: { zh: '填写网址', en: 'Where' },
  slipHow: {
    zh: '用手机或电脑打开上面的网址，填入异议码，写明情况和依据。无需登录。每个码只能用一次，不记录是哪一户；遗失请向发码单位重新领取。',
    en: 'Open the address on a phone or a computer, enter the code, and say what is wrong and how you know. You need not sign in. The code is good once and does not say whose home it is; if it is lost, ask for another.',
  },
})
