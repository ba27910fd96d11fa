import { createContext, type ReactNode, useContext, useEffect, useMemo, useState } from 'react'
import { type Language, languages } from '#domain/words.ts'
import { type Texts, textsIn } from '../text/catalogue.ts'
import { type Formats, makeFormats } from './formats.ts'
import { applyPalette, palettes, type ThemeName, themeNames } from './palette.ts'

interface Settings {
  readonly language: Language
  readonly theme: ThemeName
  readonly timeZone: string
  setLanguage(language: Language): void
  setTheme(theme: ThemeName): void
  setTimeZone(timeZone: string): void
}

const SettingsContext = createContext<Settings | undefined>(undefined)

const storageKeys = { language: 'warmcity.language', theme: 'warmcity.theme' } as const

/** Until the service has told its own. */
const firstTimeZone = 'Asia/Shanghai'

function firstLanguage(): Language {
  const asked = new URLSearchParams(location.search).get('lang') ?? localStorage.getItem(storageKeys.language)
  const known = languages.find((language) => language === asked)
  if (known) return known
  const preferred = navigator.languages.map((tag) => tag.slice(0, 2)).find((tag) => tag === 'zh' || tag === 'en')
  return languages.find((language) => language === preferred) ?? 'zh'
}

function firstTheme(): ThemeName {
  const kept = localStorage.getItem(storageKeys.theme)
  const preferred = matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light'
  return themeNames.find((name) => name === kept) ?? preferred
}

/** Language, appearance and zone: what this person chose on this machine. */
export function SettingsProvider({ children }: { readonly children: ReactNode }) {
  const [language, setLanguage] = useState(firstLanguage)
  const [theme, setTheme] = useState(firstTheme)
  const [timeZone, setTimeZone] = useState(firstTimeZone)

  useEffect(() => {
    document.documentElement.lang = language === 'zh' ? 'zh-CN' : 'en'
  }, [language])
  useEffect(() => applyPalette(document.documentElement, theme), [theme])

  const settings = useMemo<Settings>(
    () => ({
      language,
      theme,
      timeZone,
      setLanguage(next) {
        localStorage.setItem(storageKeys.language, next)
        setLanguage(next)
      },
      setTheme(next) {
        localStorage.setItem(storageKeys.theme, next)
        setTheme(next)
      },
      setTimeZone,
    }),
    [language, theme, timeZone],
  )
  return <SettingsContext value={settings}>{children}</SettingsContext>
}

export function useSettings(): Settings {
  const settings = useContext(SettingsContext)
  if (!settings) throw new Error('settings are asked for outside of their provider')
  return settings
}

/** The whole catalogue in the chosen language. */
export const useTexts = (): Texts => textsIn[useSettings().language]

/** Numbers and times as the chosen language writes them, in the city's zone. */
export function useFormats(): Formats {
  const { language, timeZone } = useSettings()
  return makeFormats(language, timeZone)
}

/** The colours of the chosen appearance, for what is drawn on a canvas. */
export const usePalette = () => palettes[useSettings().theme]
