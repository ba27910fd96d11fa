import { useQuery } from '@tanstack/react-query'
import { queryOf } from '../../api/queries.ts'
import { Name, PlaceLink } from '../../parts/names.tsx'
import { Facts, Panel } from '../../parts/page.tsx'
import { useFormats, useTexts } from '../../settings/settings.tsx'
import type { Plant } from './page.tsx'

/** Circuits of a substation: one for each zone of its buildings. */
const circuitsShownMax = 50

/** Who operates the plant, what it is part of and made of, and how it was designed. */
export function PlantFacts({ plant: { kind, id, where } }: { readonly plant: Plant }) {
  const { place, kind: kinds, app } = useTexts()
  const { temperature } = useFormats()
  const circuit = useQuery(
    queryOf('GET /api/v1/registry/circuit/{id}', { params: { id } }, { enabled: kind === 'circuit' }),
  )
  const period = usePlantPeriod(kind, id)
  const circuits = useQuery(
    queryOf(
      'GET /api/v1/registry/circuit',
      { query: { parent: id, limit: circuitsShownMax } },
      { enabled: kind === 'substation' },
    ),
  )
  const designed =
    period?.design_supply_c !== undefined && period.design_return_c !== undefined
      ? place.designed(temperature(period.design_supply_c), temperature(period.design_return_c))
      : app.none
  return (
    <Panel title={place.facts}>
      <Facts
        facts={[
          { label: kinds.firm, value: where.firm === undefined ? app.none : <Name kind="firm" id={where.firm} /> },
          { label: place.design, value: designed },
          ...(circuit.data
            ? [{ label: place.partOf, value: <PlaceLink kind="substation" id={circuit.data.row.substation} /> }]
            : []),
          ...(circuits.data
            ? [
                {
                  label: place.parts,
                  value: (
                    <ul>
                      {circuits.data.items.map((one) => (
                        <li key={one.id}>
                          <PlaceLink kind="circuit" id={one.id} />
                        </li>
                      ))}
                    </ul>
                  ),
                },
              ]
            : []),
        ]}
      />
    </Panel>
  )
}

/** What holds of a plant now: its operator and its design temperatures. */
export function usePlantPeriod(kind: Plant['kind'], id: string) {
  const ofCircuit = useQuery(
    queryOf('GET /api/v1/registry/circuit/{id}', { params: { id } }, { enabled: kind === 'circuit' }),
  )
  const ofSubstation = useQuery(
    queryOf('GET /api/v1/registry/substation/{id}', { params: { id } }, { enabled: kind === 'substation' }),
  )
  const ofSource = useQuery(
    queryOf('GET /api/v1/registry/source/{id}', { params: { id } }, { enabled: kind === 'source' }),
  )
  return (ofCircuit.data ?? ofSubstation.data ?? ofSource.data)?.plant_period.at(-1)
}
