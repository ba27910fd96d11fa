import { useTexts } from '../../settings/settings.tsx'

interface DigestProps {
  readonly digest: string
  /** Where the record of the list is, from which anybody computes it again. */
  readonly recordAddress: string
}

/** What a published list can be held against. */
export function Digest({ digest, recordAddress }: DigestProps) {
  const { ranking } = useTexts()
  return (
    <>
      <p className="digest">{`${ranking.digest}: ${digest}`}</p>
      <p className="hint">
        <a href={recordAddress}>{ranking.record}</a> {ranking.recordHint}
      </p>
    </>
  )
}
