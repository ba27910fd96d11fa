import { QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { App, ConfigProvider } from 'antd'
import enUS from 'antd/locale/en_US'
import zhCN from 'antd/locale/zh_CN'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { makeCache } from './api/cache.ts'
import { CityClockProvider } from './live/city-clock.tsx'
import { useIsStill, useIsWall } from './parts/viewport.ts'
import { makeRouter } from './router.tsx'
import { sessionQuery } from './session/session.ts'
import { antTheme } from './settings/ant-theme.ts'
import { SettingsProvider, useSettings } from './settings/settings.tsx'
import './style/base.css'
import './style/shell.css'
import './style/parts.css'
import './style/forms.css'
import './style/pages.css'

/** Styles that Ant Design makes carry the nonce of this response, or the browser refuses them. */
const nonce = document.querySelector<HTMLMetaElement>('meta[property="csp-nonce"]')?.nonce ?? ''

const cache = makeCache(() => {
  cache.setQueryData(sessionQuery.queryKey, null)
  void router.invalidate()
})
const router = makeRouter(cache)

function Console() {
  const { language, theme } = useSettings()
  const wall = useIsWall()
  const still = useIsStill()
  return (
    <ConfigProvider
      csp={{ nonce }}
      locale={language === 'zh' ? zhCN : enUS}
      theme={antTheme(theme, wall, still)}
      button={{ autoInsertSpace: false }}
    >
      <App component={false}>
        <CityClockProvider>
          <RouterProvider router={router} />
        </CityClockProvider>
      </App>
    </ConfigProvider>
  )
}

const host = document.getElementById('console')
if (!host) throw new Error('the page has no place for the console')
createRoot(host).render(
  <StrictMode>
    <QueryClientProvider client={cache}>
      <SettingsProvider>
        <Console />
      </SettingsProvider>
    </QueryClientProvider>
  </StrictMode>,
)
