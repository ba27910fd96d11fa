import { AlertFilled, ExclamationCircleFilled, InfoCircleFilled, WarningFilled } from '@ant-design/icons'
import type { ReactNode } from 'react'
import { type AlertTier, alertTiers } from '#domain/alert.ts'
import type { FlagRule } from '#domain/flag.ts'
import { useTexts } from '../settings/settings.tsx'

/** A shape of its own for each tier: colour is never the only sign. */
const tierIcons: Readonly<Record<AlertTier, ReactNode>> = {
  notice: <InfoCircleFilled aria-hidden />,
  warning: <WarningFilled aria-hidden />,
  serious: <ExclamationCircleFilled aria-hidden />,
  danger: <AlertFilled aria-hidden />,
}

export function TierBadge({ tier, text }: { readonly tier: AlertTier; readonly text?: string }) {
  const texts = useTexts()
  return (
    <span className="tier" data-tier={tier}>
      {tierIcons[tier]} {text ?? texts.tier[tier]}
    </span>
  )
}

/** How bad a flag of a rule looks, as alerts take it by default; the others are notices. */
const ruleTiers: Readonly<Partial<Record<FlagRule, AlertTier>>> = {
  below16: 'warning',
  below12: 'serious',
  below5: 'danger',
  noFlow: 'serious',
  supplyUnderCurve: 'warning',
  stationAlarm: 'warning',
  plantSilent: 'warning',
}
export const tierOfRule = (rule: FlagRule): AlertTier => ruleTiers[rule] ?? 'notice'

export function RuleBadge({ rule }: { readonly rule: FlagRule }) {
  const texts = useTexts()
  return <TierBadge tier={tierOfRule(rule)} text={texts.rule[rule]} />
}

/** The worst first. */
export const tiersWorstFirst = alertTiers.toReversed()
