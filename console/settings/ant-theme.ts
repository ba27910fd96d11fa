import { type ThemeConfig, theme } from 'antd'
import { fontFamily, palettes, type ThemeName } from './palette.ts'

/** Ant Design in our colours. On a wall everything is half as large again: it is read from across the room. */
export function antTheme(name: ThemeName, wall: boolean, still: boolean): ThemeConfig {
  const palette = palettes[name]
  return {
    algorithm: name === 'dark' ? theme.darkAlgorithm : theme.defaultAlgorithm,
    token: {
      fontFamily,
      motion: !still,
      fontSize: wall ? 20 : 14,
      controlHeight: wall ? 44 : 34,
      borderRadius: 6,
      colorPrimary: palette.primary,
      colorLink: palette.link,
      colorLinkHover: palette.link,
      colorText: palette.ink,
      colorTextSecondary: palette.inkSoft,
      colorTextTertiary: palette.inkSoft,
      colorTextDescription: palette.inkSoft,
      colorTextPlaceholder: palette.inkSoft,
      colorBgLayout: palette.page,
      colorBgContainer: palette.surface,
      colorBgElevated: palette.surface,
      colorBorder: palette.lineStrong,
      colorBorderSecondary: palette.line,
      colorError: palette.tiers.serious.ink,
      colorWarning: palette.tiers.warning.ink,
      colorSuccess: palette.good,
      colorInfo: palette.link,
      // The grounds that it derives from dark inks are muddy.
      colorErrorBg: palette.tiers.serious.ground,
      colorWarningBg: palette.tiers.warning.ground,
      colorSuccessBg: palette.goodGround,
      colorInfoBg: palette.tiers.notice.ground,
      motionDurationMid: '0.12s',
      motionDurationSlow: '0.16s',
    },
    components: {
      Segmented: { itemColor: palette.inkSoft, trackBg: palette.sunken },
    },
  }
}
