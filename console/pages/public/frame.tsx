import { PrinterOutlined } from '@ant-design/icons'
import { Link } from '@tanstack/react-router'
import { Button } from 'antd'
import type { ReactNode } from 'react'
import { usePageTitle } from '../../parts/page.tsx'
import { useTexts } from '../../settings/settings.tsx'
import { Brand, LanguageSwitch, ThemeSwitch } from '../../shell/brand.tsx'
import { ClockFace } from '../../shell/clock-face.tsx'
import './public.css'

interface PublicFrameProps {
  readonly title: string
  readonly hint: string
  readonly children: ReactNode
}

/** What stands around a page for anybody. */
export function PublicFrame({ title, hint, children }: PublicFrameProps) {
  const texts = useTexts()
  usePageTitle(title)
  return (
    <div className="public-page">
      <header className="public-head">
        <Brand />
        <ClockFace />
        <div className="page-actions no-print">
          <LanguageSwitch />
          <ThemeSwitch />
          <Button icon={<PrinterOutlined />} onClick={() => print()}>
            {texts.public.print}
          </Button>
          <Link to="/">{texts.public.toConsole}</Link>
        </div>
      </header>
      <main>
        <h1>{title}</h1>
        <p className="hint">{hint}</p>
        {children}
      </main>
    </div>
  )
}
