import { CheckOutlined, MinusOutlined, UserAddOutlined } from '@ant-design/icons'
import { useInfiniteQuery } from '@tanstack/react-query'
import { Button } from 'antd'
import { useState } from 'react'
import { can, permissions, roles } from '#domain/account.ts'
import { type Item, listOf } from '../../api/queries.ts'
import { type Column, DataTable } from '../../parts/data-table.tsx'
import { Page, Panel } from '../../parts/page.tsx'
import { PlainTable } from '../../parts/plain-table.tsx'
import { ScopeName } from '../../parts/scope-name.tsx'
import { useFormats, useTexts } from '../../settings/settings.tsx'
import { AccountForm } from './form.tsx'

export type Account = Item<'GET /api/v1/accounts'>

/** Who may sign in, as what and for which part of the city. */
export function AccountsPage() {
  const texts = useTexts()
  const { date } = useFormats()
  const [editing, setEditing] = useState<Account | 'new'>()
  const query = useInfiniteQuery(listOf('GET /api/v1/accounts', {}))
  const columns: Column<Account>[] = [
    { key: 'id', title: texts.account.id, cell: ({ id }) => id },
    { key: 'name', title: texts.account.name, cell: ({ name }) => name },
    { key: 'role', title: texts.account.role, cell: ({ role }) => texts.role[role] },
    { key: 'scope', title: texts.account.scope, cell: ({ scope }) => <ScopeName scope={scope} /> },
    {
      key: 'state',
      title: texts.account.state,
      width: '7rem',
      cell: ({ disabledAt }) => (disabledAt === undefined ? texts.account.active : texts.account.disabled),
    },
    { key: 'created', title: texts.account.created, width: '9rem', cell: ({ createdAt }) => date(createdAt) },
    {
      key: 'edit',
      title: texts.account.edit,
      width: '7rem',
      cell: (account) => (
        <Button size="small" aria-label={texts.account.changeTitle(account.id)} onClick={() => setEditing(account)}>
          {texts.account.edit}
        </Button>
      ),
    },
  ]
  return (
    <Page
      title={texts.account.title}
      actions={
        <Button type="primary" icon={<UserAddOutlined />} onClick={() => setEditing('new')}>
          {texts.account.add}
        </Button>
      }
    >
      <DataTable label={texts.account.title} columns={columns} query={query} rowKey={({ id }) => id} />
      <RoleMatrix />
      {editing !== undefined && (
        <AccountForm {...(editing !== 'new' && { account: editing })} onClose={() => setEditing(undefined)} />
      )}
    </Page>
  )
}

/** The rules by which the service decides, as it holds them. */
function RoleMatrix() {
  const texts = useTexts()
  return (
    <Panel title={texts.account.matrix}>
      <PlainTable
        label={texts.account.matrix}
        columns={[texts.account.permission, ...roles.map((role) => texts.role[role])]}
        rows={permissions.map((permission) => [
          texts.permission[permission],
          ...roles.map((role) =>
            can(role, permission) ? (
              <CheckOutlined key={role} aria-label={texts.account.granted} />
            ) : (
              <MinusOutlined key={role} className="faint" aria-label={texts.account.notGranted} />
            ),
          ),
        ])}
      />
    </Panel>
  )
}
