import { useSyncExternalStore } from 'react'

/** Widths at which the console changes its shape; the style sheets name the same. */
const narrowQuery = '(max-width: 767px)'
const wallQuery = '(min-width: 2400px)'

const watch = (query: string) => ({
  subscribe(listener: () => void) {
    const media = matchMedia(query)
    media.addEventListener('change', listener)
    return () => media.removeEventListener('change', listener)
  },
  matches: () => matchMedia(query).matches,
})

const stillQuery = '(prefers-reduced-motion: reduce)'

const still = watch(stillQuery)
const narrow = watch(narrowQuery)
const wall = watch(wallQuery)

/** A phone. */
export const useIsNarrow = (): boolean => useSyncExternalStore(narrow.subscribe, narrow.matches)
/** A screen on the wall of a control room. */
export const useIsWall = (): boolean => useSyncExternalStore(wall.subscribe, wall.matches)

/** Whether this person asked their machine not to move things about. */
export const useIsStill = (): boolean => useSyncExternalStore(still.subscribe, still.matches)
