import type { Scope } from '#domain/account.ts'
import { useTexts } from '../settings/settings.tsx'
import { useName } from './names.tsx'

/** For which part of the city somebody may see and do what their role allows. */
export function ScopeName({ scope }: { readonly scope: Scope }) {
  const { app } = useTexts()
  return scope.kind === 'city' ? app.wholeCity : <PartName {...scope} />
}

function PartName({ kind, id }: Exclude<Scope, { kind: 'city' }>) {
  const { app } = useTexts()
  const name = useName(kind, id)
  return kind === 'firm' ? app.scopeFirm(name) : app.scopeTerritory(name)
}
