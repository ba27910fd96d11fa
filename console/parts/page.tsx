import { type ReactNode, useEffect } from 'react'
import { useTexts } from '../settings/settings.tsx'

interface PageProps {
  readonly title: string
  /** What the title speaks of, as the way down to a building. */
  readonly above?: ReactNode
  readonly actions?: ReactNode
  readonly children: ReactNode
}

/** Calls the window what the page is called. */
export function usePageTitle(title: string): void {
  const { app } = useTexts()
  useEffect(() => {
    document.title = `${title} · ${app.title}`
  }, [title, app])
}

/** One page: its title, what can be done with all of it, and its content. */
export function Page({ title, above, actions, children }: PageProps) {
  usePageTitle(title)
  return (
    <div className="page">
      <header className="page-head">
        <div>
          {above !== undefined && <div className="page-above">{above}</div>}
          <h1>{title}</h1>
        </div>
        {actions !== undefined && <div className="page-actions">{actions}</div>}
      </header>
      {children}
    </div>
  )
}

interface PanelProps {
  readonly title: string
  readonly extra?: ReactNode
  readonly children: ReactNode
  readonly className?: string
}

/** A part of a page with a heading of its own. */
export function Panel({ title, extra, children, className = '' }: PanelProps) {
  return (
    <section className={`panel ${className}`}>
      <header className="panel-head">
        <h2>{title}</h2>
        {extra}
      </header>
      {children}
    </section>
  )
}

interface FactsProps {
  readonly facts: readonly { readonly label: string; readonly value: ReactNode }[]
  /** The values are sentences: each has the whole width. */
  readonly wide?: boolean
}

/** Names and values, as many beside each other as there is room for. */
export function Facts({ facts, wide = false }: FactsProps) {
  return (
    <dl className={wide ? 'facts wide' : 'facts'}>
      {facts.map(({ label, value }) => (
        <div key={label}>
          <dt>{label}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  )
}
