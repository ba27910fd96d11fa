import { useMutation, useQueryClient } from '@tanstack/react-query'
import { App, Button, Form, Input, Modal, Select } from 'antd'
import { type Role, roles, type Scope } from '#domain/account.ts'
import { call } from '../../api/client.ts'
import { answersAt } from '../../api/queries.ts'
import { PlaceSearch } from '../../parts/place-search.tsx'
import { ProblemNotice } from '../../parts/problem-notice.tsx'
import { useTexts } from '../../settings/settings.tsx'
import type { Account } from './page.tsx'

interface Fields {
  readonly id: string
  readonly name: string
  readonly role: Role
  readonly scopeKind: Scope['kind']
  readonly scopeId?: string
  readonly password?: string
}

interface AccountFormProps {
  /** The account to change; without it a new one is made. */
  readonly account?: Account
  onClose(): void
}

export function AccountForm({ account, onClose }: AccountFormProps) {
  const texts = useTexts()
  const cache = useQueryClient()
  const { message } = App.useApp()
  const [form] = Form.useForm<Fields>()
  const scopeKind = Form.useWatch('scopeKind', form) ?? account?.scope.kind ?? 'territory'
  const done = () => {
    void message.success(texts.account.saved)
    void cache.invalidateQueries(answersAt('/accounts'))
    onClose()
  }
  const saving = useMutation({ mutationFn: (fields: Fields) => save(account, fields), onSuccess: done })
  const switching = useMutation({
    mutationFn: ({ id, disabledAt }: Account) =>
      call('PATCH /api/v1/accounts/{id}', { params: { id }, body: { disabled: disabledAt === undefined } }),
    onSuccess: done,
  })
  const needed = [{ required: true, whitespace: true, message: texts.account.missing }]
  const error = saving.error ?? switching.error
  return (
    <Modal
      open
      title={account ? texts.account.changeTitle(account.id) : texts.account.add}
      onCancel={onClose}
      onOk={() => form.submit()}
      confirmLoading={saving.isPending}
    >
      <Form
        form={form}
        layout="vertical"
        autoComplete="off"
        initialValues={initialFields(account)}
        onFinish={(fields: Fields) => saving.mutate(fields)}
      >
        {!account && (
          <Form.Item name="id" label={texts.account.id} extra={texts.account.idHint} rules={needed}>
            <Input autoFocus />
          </Form.Item>
        )}
        <Form.Item name="name" label={texts.account.name} rules={needed}>
          <Input />
        </Form.Item>
        <Form.Item name="role" label={texts.account.role}>
          <Select options={roles.map((value) => ({ value, label: texts.role[value] }))} />
        </Form.Item>
        <Form.Item name="scopeKind" label={texts.account.scopeKind}>
          <Select
            onChange={() => form.setFieldValue('scopeId', undefined)}
            options={[
              { value: 'city', label: texts.app.wholeCity },
              { value: 'territory', label: texts.account.territory },
              { value: 'firm', label: texts.account.firm },
            ]}
          />
        </Form.Item>
        {scopeKind !== 'city' && (
          <Form.Item name="scopeId" key={scopeKind} label={texts.account[scopeKind]} rules={needed}>
            <PlaceSearch kind={scopeKind} />
          </Form.Item>
        )}
        <Form.Item
          name="password"
          label={account ? texts.account.newPassword : texts.account.password}
          rules={account ? [] : needed}
        >
          <Input.Password autoComplete="new-password" />
        </Form.Item>
      </Form>
      {account && (
        <Button
          danger={account.disabledAt === undefined}
          loading={switching.isPending}
          onClick={() => switching.mutate(account)}
        >
          {account.disabledAt === undefined ? texts.account.disable : texts.account.enable}
        </Button>
      )}
      {error && <ProblemNotice error={error} />}
    </Modal>
  )
}

const initialFields = (account: Account | undefined): Partial<Fields> =>
  account
    ? {
        name: account.name,
        role: account.role,
        scopeKind: account.scope.kind,
        ...(account.scope.kind !== 'city' && { scopeId: account.scope.id }),
      }
    : { role: 'viewer', scopeKind: 'territory' }

function save(account: Account | undefined, fields: Fields) {
  const { id, name, role, scopeKind, scopeId = '', password } = fields
  const scope: Scope = scopeKind === 'city' ? { kind: 'city' } : { kind: scopeKind, id: scopeId }
  if (!account) {
    return call('POST /api/v1/accounts', { body: { id: id.trim(), name, role, scope, password: password ?? '' } })
  }
  return call('PATCH /api/v1/accounts/{id}', {
    params: { id: account.id },
    body: { name, role, scope, ...(password && { password }) },
  })
}
