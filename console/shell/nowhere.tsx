import { Link } from '@tanstack/react-router'
import { usePageTitle } from '../parts/page.tsx'
import { NotFound } from '../parts/states.tsx'
import { useTexts } from '../settings/settings.tsx'
import { Brand } from './brand.tsx'

/** An address that is no page, for whoever asks for it. */
export function Nowhere() {
  const { app } = useTexts()
  usePageTitle(app.notFound)
  return (
    <div className="login">
      <header className="login-bar">
        <Brand />
      </header>
      <main>
        <h1 className="sr-only">{app.notFound}</h1>
        <NotFound />
        <p className="nowhere">
          <Link to="/">{app.backToCity}</Link>
        </p>
      </main>
    </div>
  )
}
