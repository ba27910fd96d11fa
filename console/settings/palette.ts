import type { AlertTier } from '#domain/alert.ts'

/** Of the pages, and of what is drawn on a canvas, which inherits nothing. */
export const fontFamily =
  '"Inter", "PingFang SC", "HarmonyOS Sans SC", "Microsoft YaHei", "Noto Sans CJK SC", "Noto Sans SC", system-ui, sans-serif'

export const themeNames = ['light', 'dark'] as const
export type ThemeName = (typeof themeNames)[number]

interface Tone {
  readonly ink: string
  readonly ground: string
}

/**
 * Every colour of the console. Text stands at 4.5 : 1 on what it is put on; series follow Okabe and Ito, which people
 * with any kind of colour blindness tell apart; cold is one hue by lightness.
 */
export interface Palette {
  readonly page: string
  readonly surface: string
  readonly sunken: string
  readonly line: string
  readonly lineStrong: string
  readonly ink: string
  readonly inkSoft: string
  readonly primary: string
  readonly link: string
  readonly focus: string
  readonly good: string
  readonly goodGround: string
  readonly tiers: Readonly<Record<AlertTier, Tone>>
  /** Shares of cold homes by step, mildest first. */
  readonly cold: readonly Tone[]
  readonly unknown: Tone
  /** Lines of a chart. */
  readonly series: readonly string[]
}

const light: Palette = {
  page: '#f3f5f8',
  surface: '#ffffff',
  sunken: '#eef2f6',
  line: '#d8dfe7',
  lineStrong: '#8a97a6',
  ink: '#15202c',
  inkSoft: '#4a5868',
  primary: '#14508f',
  link: '#14508f',
  focus: '#b3370b',
  good: '#0b6b4f',
  goodGround: '#e2f4ed',
  tiers: {
    notice: { ink: '#3f4d5c', ground: '#e9eef3' },
    warning: { ink: '#7a4f00', ground: '#fff1cc' },
    serious: { ink: '#a3300a', ground: '#ffe6db' },
    danger: { ink: '#8a1050', ground: '#fde3ef' },
  },
  cold: [
    { ink: '#15202c', ground: '#eaf2f9' },
    { ink: '#15202c', ground: '#c9dff2' },
    { ink: '#15202c', ground: '#93c1e6' },
    { ink: '#0b1520', ground: '#559bd3' },
    { ink: '#ffffff', ground: '#1c69ad' },
    { ink: '#ffffff', ground: '#0a3568' },
  ],
  unknown: { ink: '#4a5868', ground: '#e3e6ea' },
  series: ['#0060a0', '#c4501b', '#00795a', '#8a5a00', '#8f4a7d', '#3f4d5c', '#2b8fbd'],
}

const dark: Palette = {
  page: '#0c1219',
  surface: '#141c26',
  sunken: '#0f161f',
  line: '#2a3645',
  lineStrong: '#6b7b8d',
  ink: '#e8eef5',
  inkSoft: '#a9b6c5',
  primary: '#2f6fbd',
  link: '#8dbcf5',
  focus: '#ffb38f',
  good: '#5fd3ab',
  goodGround: '#10362b',
  tiers: {
    notice: { ink: '#bac6d3', ground: '#26313d' },
    warning: { ink: '#f5c453', ground: '#3b3010' },
    serious: { ink: '#ffa37c', ground: '#46210f' },
    danger: { ink: '#ff97c8', ground: '#481331' },
  },
  cold: [
    { ink: '#cfd9e4', ground: '#1a2531' },
    { ink: '#e8eef5', ground: '#1d3a57' },
    { ink: '#ffffff', ground: '#215784' },
    { ink: '#ffffff', ground: '#2b75b0' },
    { ink: '#06111c', ground: '#63acdf' },
    { ink: '#06111c', ground: '#bfe0f8' },
  ],
  unknown: { ink: '#a9b6c5', ground: '#222a34' },
  series: ['#6fb5ee', '#ff9a6b', '#4fcfa8', '#f0bf4c', '#e29bcb', '#bac6d3', '#9ad8f0'],
}

export const palettes: Readonly<Record<ThemeName, Palette>> = { light, dark }

/** Shares of cold homes at which the next step of the scale begins. */
export const coldSteps = [0, 0.02, 0.05, 0.1, 0.2, 0.4] as const

/** The tone for a share of cold homes; of nobody knows, a tone of its own. */
export function coldTone(palette: Palette, share: number | undefined): Tone {
  if (share === undefined) return palette.unknown
  const step = coldSteps.findLastIndex((begin) => share >= begin)
  return palette.cold[Math.max(0, step)] ?? palette.unknown
}

/** Gives the colours to the style sheets as custom properties. */
export function applyPalette(root: HTMLElement, name: ThemeName): void {
  const palette = palettes[name]
  root.dataset.theme = name
  root.style.colorScheme = name
  const set = (property: string, value: string) => root.style.setProperty(`--${property}`, value)
  for (const key of ['page', 'surface', 'sunken', 'line', 'ink', 'primary', 'link', 'focus', 'good'] as const) {
    set(key, palette[key])
  }
  set('line-strong', palette.lineStrong)
  set('ink-soft', palette.inkSoft)
  set('good-ground', palette.goodGround)
  for (const [tier, tone] of Object.entries(palette.tiers)) {
    set(`${tier}-ink`, tone.ink)
    set(`${tier}-ground`, tone.ground)
  }
  palette.cold.forEach((tone, step) => {
    set(`cold-${step}-ink`, tone.ink)
    set(`cold-${step}-ground`, tone.ground)
  })
  set('unknown-ink', palette.unknown.ink)
  set('unknown-ground', palette.unknown.ground)
}
