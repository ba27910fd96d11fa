import { Link } from '@tanstack/react-router'
import { Name } from '../../parts/names.tsx'
import { useTexts } from '../../settings/settings.tsx'

interface LadderProps {
  readonly where: { readonly territory: readonly string[] }
}

/** The way down to a place: every step leads to what is wrong there. */
export function Ladder({ where: { territory } }: LadderProps) {
  const { kind } = useTexts()
  return (
    <nav aria-label={kind.territory}>
      <ol className="ladder">
        {territory.map((id, step) => (
          <li key={id}>
            {step === 0 ? (
              <Link to="/">
                <Name kind="territory" id={id} />
              </Link>
            ) : (
              <Link to="/flags" search={{ territory: id }}>
                <Name kind="territory" id={id} />
              </Link>
            )}
          </li>
        ))}
      </ol>
    </nav>
  )
}
