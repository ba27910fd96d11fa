import { MenuOutlined } from '@ant-design/icons'
import { useQueryClient } from '@tanstack/react-query'
import { Link, Outlet, useMatches, useRouter } from '@tanstack/react-router'
import { Alert, Button, Drawer } from 'antd'
import { useCallback, useState } from 'react'
import { useCityClock } from '../live/city-clock.tsx'
import { LiveProvider } from '../live/live.tsx'
import { Forbidden } from '../parts/states.tsx'
import { useIsNarrow } from '../parts/viewport.ts'
import { may, sessionQuery, useSession } from '../session/session.ts'
import { useTexts } from '../settings/settings.tsx'
import { Brand, LanguageSwitch, ThemeSwitch } from './brand.tsx'
import { ClockFace } from './clock-face.tsx'
import { ConnectionState } from './connection-state.tsx'
import { navigation } from './navigation.tsx'
import { PersonMenu } from './person-menu.tsx'

/** What stands around every page for who is signed in. */
export function Shell() {
  const cache = useQueryClient()
  const router = useRouter()
  const onRightsChanged = useCallback(() => {
    void cache.fetchQuery({ ...sessionQuery, staleTime: 0 }).then(() => router.invalidate())
  }, [cache, router])
  return (
    <LiveProvider onRightsChanged={onRightsChanged}>
      <Frame />
    </LiveProvider>
  )
}

function Frame() {
  const { app } = useTexts()
  const narrow = useIsNarrow()
  const { time } = useCityClock()
  return (
    <div className="shell">
      <a className="skip" href="#content">
        {app.skipToContent}
      </a>
      <header className="bar">
        <Brand />
        <ClockFace />
        <ConnectionState />
        <div className="bar-tools">
          <LanguageSwitch />
          <ThemeSwitch />
          <PersonMenu />
        </div>
      </header>
      {!narrow && <SideNavigation />}
      <main id="content" tabIndex={-1}>
        {time?.catchingUp && <Alert type="info" showIcon banner title={app.catchingUp} />}
        <PermittedPage />
      </main>
      {narrow && <BottomNavigation />}
    </div>
  )
}

/** The page, unless the role of whoever looks has no right to it. */
function PermittedPage() {
  const session = useSession()
  const permission = useMatches().at(-1)?.staticData.permission
  return permission !== undefined && !may(session, permission) ? <Forbidden /> : <Outlet />
}

function usePermittedNavigation() {
  const session = useSession()
  return navigation
    .map(({ text, destinations }) => ({
      text,
      destinations: destinations.filter(({ permission }) => permission === undefined || may(session, permission)),
    }))
    .filter(({ destinations }) => destinations.length > 0)
}

function SideNavigation({ onChoose }: { onChoose?(): void }) {
  const texts = useTexts()
  return (
    <nav className="side" aria-label={texts.app.mainNavigation}>
      {usePermittedNavigation().map(({ text, destinations }) => (
        <section key={text}>
          <h2>{texts.navigation[text]}</h2>
          <ul>
            {destinations.map(({ to, text: name, icon }) => (
              <li key={to}>
                <Link to={to} activeOptions={{ exact: to === '/' }} {...(onChoose && { onClick: onChoose })}>
                  {icon} {texts.navigation[name]}
                </Link>
              </li>
            ))}
          </ul>
        </section>
      ))}
    </nav>
  )
}

/** Destinations that fit beside each other on a phone; the others are behind the last button. */
const atThumbMax = 3

function BottomNavigation() {
  const texts = useTexts()
  const [open, setOpen] = useState(false)
  const close = () => setOpen(false)
  const first = usePermittedNavigation()
    .flatMap(({ destinations }) => destinations)
    .slice(0, atThumbMax)
  return (
    <>
      <nav className="bottom" aria-label={texts.app.mainNavigation}>
        {first.map(({ to, text, icon }) => (
          <Link key={to} to={to} activeOptions={{ exact: to === '/' }}>
            {icon}
            <span>{texts.navigation[text]}</span>
          </Link>
        ))}
        <Button type="text" icon={<MenuOutlined />} onClick={() => setOpen(true)} aria-expanded={open}>
          <span>{texts.app.more}</span>
        </Button>
      </nav>
      <Drawer open={open} onClose={close} placement="bottom" title={texts.app.mainNavigation} size="large">
        <SideNavigation onChoose={close} />
      </Drawer>
    </>
  )
}
