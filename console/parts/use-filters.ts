import { useNavigate } from '@tanstack/react-router'

export interface Filters<S> {
  readonly search: S
  /** Whether anything is narrowed down. */
  readonly filtered: boolean
  /** Changes some of them; nothing chosen, and no text, takes one away. */
  change(next: S): void
  clear(): void
}

/** What a list is narrowed by: kept in the page's address, so that a link shows the same, and steps back are pages. */
export function useFilters<S extends object>(route: { useSearch(): S }): Filters<S> {
  const search = route.useSearch()
  const navigate = useNavigate()
  // The router knows what each page is searched by, but not what any page is.
  const go = (to: S) => void navigate({ to: '.', search: to as never, replace: true })
  return {
    search,
    filtered: Object.values(search).some((value) => value !== undefined),
    change: (next) => go({ ...search, ...onlyChosen(next) }),
    clear: () => go({} as S),
  }
}

const onlyChosen = <S extends object>(chosen: S): S => {
  const entries = Object.entries(chosen).map(([name, value]) => {
    const nothing = value === '' || (Array.isArray(value) && value.length === 0)
    return [name, nothing ? undefined : value]
  })
  return Object.fromEntries(entries) as S
}
