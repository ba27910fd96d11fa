import { alertTiers } from '#domain/alert.ts'
import { flagRules } from '#domain/flag.ts'
import type { Signal } from '#domain/signal.ts'
import { TierBadge, tierOfRule } from '../../parts/tier.tsx'
import { useTexts } from '../../settings/settings.tsx'

/** What a signal is about, as a badge: the rule of a flag, or the tier and rule of an alert. */
export function SignalWhat({ signal: { payload } }: { readonly signal: Signal }) {
  const texts = useTexts()
  const rule = flagRules.find((known) => known === payload.rule)
  const tier = alertTiers.find((known) => known === payload.tier)
  if (!rule) return null
  return <TierBadge tier={tier ?? tierOfRule(rule)} text={texts.rule[rule]} />
}
