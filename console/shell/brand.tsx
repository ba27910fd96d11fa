import { MoonOutlined, SunOutlined } from '@ant-design/icons'
import { Link } from '@tanstack/react-router'
import { Button } from 'antd'
import { languages } from '#domain/words.ts'
import icon from '../icon.svg'
import { useSettings, useTexts } from '../settings/settings.tsx'

export function Brand() {
  const { app } = useTexts()
  return (
    <Link to="/" className="brand">
      <img src={icon} alt="" width={30} height={30} />
      <span>
        <strong>{app.title}</strong>
        <small>{app.tagline}</small>
      </span>
    </Link>
  )
}

export function LanguageSwitch() {
  const { app } = useTexts()
  const { language, setLanguage } = useSettings()
  const other = languages.find((one) => one !== language) ?? language
  return (
    <Button type="text" onClick={() => setLanguage(other)} title={app.switchLanguage}>
      <span lang={other === 'zh' ? 'zh-CN' : 'en'}>{app.otherLanguage}</span>
    </Button>
  )
}

export function ThemeSwitch() {
  const { app } = useTexts()
  const { theme, setTheme } = useSettings()
  const dark = theme === 'dark'
  const label = dark ? app.toLight : app.toDark
  return (
    <Button
      type="text"
      icon={dark ? <SunOutlined /> : <MoonOutlined />}
      aria-label={label}
      title={label}
      onClick={() => setTheme(dark ? 'light' : 'dark')}
    />
  )
}
