import { UserOutlined } from '@ant-design/icons'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useRouter } from '@tanstack/react-router'
import { Button, Dropdown } from 'antd'
import { ScopeName } from '../parts/scope-name.tsx'
import { signOut, useSession } from '../session/session.ts'
import { useTexts } from '../settings/settings.tsx'

/** Who is signed in, what they may see, and the way out. */
export function PersonMenu() {
  const texts = useTexts()
  const { account } = useSession()
  const cache = useQueryClient()
  const router = useRouter()
  const leaving = useMutation({
    mutationFn: () => signOut(cache),
    onSuccess: () => router.navigate({ to: '/login', search: {} }),
  })
  return (
    <Dropdown
      trigger={['click']}
      menu={{
        items: [
          {
            key: 'who',
            type: 'group',
            label: (
              <>
                {`${account.name} · ${texts.role[account.role]} · `}
                <ScopeName scope={account.scope} />
              </>
            ),
          },
          { key: 'reference', label: <a href="/reference">{texts.app.reference}</a> },
          { key: 'leave', label: texts.app.signOut, onClick: () => leaving.mutate() },
        ],
      }}
    >
      <Button type="text" icon={<UserOutlined />} aria-label={`${texts.app.account}: ${account.name}`}>
        <span className="person-name">{account.name}</span>
      </Button>
    </Dropdown>
  )
}
