import { useCityNow } from '../live/city-clock.tsx'
import { useFormats } from '../settings/settings.tsx'

/** How often what goes on is told anew. */
const againMs = 5_000

/** How long something lasted, or lasts until now. */
export function Lasting({ from, to }: { readonly from: number; readonly to: number | undefined }) {
  const { duration } = useFormats()
  const now = useCityNow(againMs)
  return duration((to ?? now) - from)
}
