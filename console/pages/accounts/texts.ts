import type { Permission } from '#domain/account.ts'
import type { Said } from '#domain/words.ts'
import { defineTexts } from '../../text/texts.ts'

export const accountTexts = defineTexts({
  title: { zh: '账号与角色', en: 'Accounts and roles' },
  add: { zh: '新建账号', en: 'New account' },
  edit: { zh: '修改', en: 'Change' },
  changeTitle: { zh: (id: string) => `修改账号 ${id}`, en: (id: string) => `Change ${id}` },
  id: { zh: '账号', en: 'Account' },
  idHint: {
    zh: '字母、数字、点、横线，之后不能更改',
    en: 'Letters, digits, dots, hyphens; it cannot be changed later',
  },
  name: { zh: '姓名或单位', en: 'Name' },
  role: { zh: '角色', en: 'Role' },
  scope: { zh: '范围', en: 'Scope' },
  scopeKind: { zh: '范围类型', en: 'Kind of scope' },
  territory: { zh: '区域', en: 'Area' },
  firm: { zh: '企业', en: 'Firm' },
  password: { zh: '密码', en: 'Password' },
  newPassword: { zh: '新密码（留空则不变）', en: 'New password (empty leaves it)' },
  state: { zh: '状态', en: 'State' },
  active: { zh: '启用', en: 'In use' },
  disabled: { zh: '已停用', en: 'Disabled' },
  disable: { zh: '停用', en: 'Disable' },
  enable: { zh: '启用', en: 'Enable' },
  created: { zh: '创建时间', en: 'Made' },
  missing: { zh: '必填', en: 'Needed' },
  saved: { zh: '已保存', en: 'Saved' },
  matrix: { zh: '各角色的权限', en: 'What each role may do' },
  permission: { zh: '权限', en: 'Permission' },
  granted: { zh: '可以', en: 'may' },
  notGranted: { zh: '不可以', en: 'may not' },
})

/** What a permission lets somebody do. */
export const permissionWords = defineTexts({
  'plant.read': { zh: '查看厂站、楼栋与汇总', en: 'See plants, buildings and roll-ups' },
  'dwelling.read': { zh: '查看单户数据', en: 'See single homes' },
  'registry.write': { zh: '修改台账', en: 'Change the registry' },
  'gateway.read': { zh: '查看网关与安装状态', en: 'See gateways and commissioning' },
  'gateway.write': { zh: '签发和吊销网关凭证', en: 'Issue and revoke gateway secrets' },
  'quarantine.read': { zh: '查看隔离区', en: 'See quarantine' },
  'quarantine.replay': { zh: '重新送入隔离报文', en: 'Send quarantine through again' },
  'weather.write': { zh: '录入气象', en: 'Enter weather' },
  'webhook.write': { zh: '配置告警推送', en: 'Set up webhooks' },
  'account.write': { zh: '管理账号', en: 'Manage accounts' },
  'audit.read': { zh: '查看审计日志', en: 'See the audit log' },
  'ranking.claim': { zh: '提出剔除与异议', en: 'Propose exclusions, object to a list' },
  'ranking.confirm': { zh: '处理剔除', en: 'Decide exclusions' },
  'ranking.publish': { zh: '发布榜单', en: 'Publish lists' },
} satisfies Record<Permission, Said>)
