import { useQuery } from '@tanstack/react-query'
import type { Schemas } from '../../api/client.ts'
import { queryOf } from '../../api/queries.ts'
import { PlaceLink } from '../../parts/names.tsx'
import { PlainTable } from '../../parts/plain-table.tsx'
import { Answer, Empty } from '../../parts/states.tsx'
import { useFormats, useTexts } from '../../settings/settings.tsx'
import { rankedFirmRoute } from './route.ts'

type Evidence = Schemas['RankingEvidence']

/** What stands behind the points of one item: days, places, interruptions, circuits or imported figures. */
export function ItemEvidence({ item }: { readonly item: string }) {
  const texts = useTexts()
  const params = { ...rankedFirmRoute.useParams(), item }
  const query = useQuery(queryOf('GET /api/v1/rankings/{id}/firms/{firm}/items/{item}/evidence', { params }))
  return (
    <Answer
      query={query}
      isEmpty={({ evidence }) => Object.values(evidence).every((rows) => rows.length === 0)}
      empty={<Empty text={texts.ranking.noEvidence} />}
    >
      {({ evidence }) => (
        <div className="stack">
          {evidence.figures && <Figures figures={evidence.figures} />}
          {evidence.interruptions && <Interruptions interruptions={evidence.interruptions} />}
          {evidence.circuits && <Circuits circuits={evidence.circuits} />}
          {evidence.places && <PlaceDays label={texts.ranking.evidence} places={evidence.places} />}
          {evidence.days && <Days days={evidence.days} />}
        </div>
      )}
    </Answer>
  )
}

export function PlaceDays({
  label,
  places,
}: {
  readonly label: string
  readonly places: NonNullable<Evidence['places']>
}) {
  const texts = useTexts()
  const { day, number, percent } = useFormats()
  return (
    <PlainTable
      label={label}
      columns={[
        texts.ranking.evidenceDay,
        texts.ranking.building,
        texts.ranking.circuit,
        texts.ranking.homes,
        texts.ranking.probes,
        texts.ranking.shareAtTarget,
      ]}
      rows={places.map(({ date, building, circuit, homes, probes, shareAtTarget }) => [
        day(date),
        <PlaceLink key={building} kind="building" id={building} />,
        <PlaceLink key={circuit} kind="circuit" id={circuit} />,
        number(homes),
        number(probes),
        percent(shareAtTarget, 1),
      ])}
    />
  )
}

function Days({ days }: { readonly days: NonNullable<Evidence['days']> }) {
  const texts = useTexts()
  const { day, number, percent } = useFormats()
  return (
    <PlainTable
      label={texts.ranking.days}
      columns={[
        texts.ranking.evidenceDay,
        texts.ranking.homes,
        texts.ranking.probes,
        texts.ranking.shareAtTarget,
        texts.ranking.depth,
        texts.ranking.covered,
      ]}
      rows={days.map(({ date, homes, probes, shareAtTarget, depthK, coveredShare }) => [
        day(date),
        number(homes),
        number(probes),
        percent(shareAtTarget, 1),
        number(depthK, 2),
        percent(coveredShare, 1),
      ])}
    />
  )
}

function Interruptions({ interruptions }: { readonly interruptions: NonNullable<Evidence['interruptions']> }) {
  const texts = useTexts()
  const { dateTime, duration, number } = useFormats()
  return (
    <PlainTable
      label={texts.ranking.interruptions}
      columns={[texts.ranking.circuit, texts.ranking.homes, texts.ranking.from, texts.ranking.lasted]}
      rows={interruptions.map(({ circuit, homes, beganAt, endedAt }) => [
        <PlaceLink key={circuit} kind="circuit" id={circuit} />,
        number(homes),
        dateTime(beganAt),
        duration(endedAt - beganAt),
      ])}
    />
  )
}

function Circuits({ circuits }: { readonly circuits: NonNullable<Evidence['circuits']> }) {
  const texts = useTexts()
  const { number, percent } = useFormats()
  return (
    <PlainTable
      label={texts.ranking.circuits}
      columns={[texts.ranking.circuit, texts.ranking.homes, texts.ranking.area, texts.ranking.openHours]}
      rows={circuits.map(({ circuit, homes, heatedAreaM2, hours, openHours }) => [
        <PlaceLink key={circuit} kind="circuit" id={circuit} />,
        number(homes),
        number(heatedAreaM2),
        `${number(openHours)} / ${number(hours)} (${percent(hours === 0 ? 0 : openHours / hours, 0)})`,
      ])}
    />
  )
}

function Figures({ figures }: { readonly figures: NonNullable<Evidence['figures']> }) {
  const texts = useTexts()
  const { dateTime, number } = useFormats()
  return (
    <PlainTable
      label={texts.ranking.figures}
      columns={[texts.ranking.value, texts.ranking.objectEvidence, texts.ranking.enteredBy]}
      rows={figures.map(({ value, evidence, enteredBy, enteredAt }) => [
        number(value, 2),
        evidence,
        `${dateTime(enteredAt)} · ${enteredBy}`,
      ])}
    />
  )
}
