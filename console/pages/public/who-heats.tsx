import { PhoneOutlined } from '@ant-design/icons'
import { useQuery } from '@tanstack/react-query'
import { Input } from 'antd'
import { useState } from 'react'
import { queryOf } from '../../api/queries.ts'
import { Panel } from '../../parts/page.tsx'
import { Answer, Empty } from '../../parts/states.tsx'
import { useTexts } from '../../settings/settings.tsx'

/** The shortest name that is looked for. */
const searchMin = 2

/** Who heats a building, and whom to call. */
export function WhoHeats() {
  const texts = useTexts()
  const [search, setSearch] = useState('')
  return (
    <Panel title={texts.public.whoHeats} className="no-print">
      <Input.Search
        className="search-field"
        aria-label={texts.public.whoHeatsSearch}
        placeholder={texts.public.whoHeatsSearch}
        allowClear
        onSearch={(text) => setSearch(text.trim())}
      />
      {search.length >= searchMin && <Found search={search} />}
    </Panel>
  )
}

function Found({ search }: { readonly search: string }) {
  const texts = useTexts()
  const query = useQuery(queryOf('GET /api/v1/public/buildings', { query: { search } }))
  return (
    <Answer query={query} isEmpty={({ items }) => items.length === 0} empty={<Empty text={texts.public.noBuilding} />}>
      {({ items }) => (
        <ul className="public-found">
          {items.map(({ building, name, estate, firms }) => (
            <li key={building}>
              <strong>{`${estate} ${name}`}</strong>
              {firms.length === 0 && <p>{texts.public.nobodyHeats}</p>}
              {firms.map(({ firm, name: firmName, phone }) => (
                <p key={firm}>
                  {firmName} <PhoneOutlined aria-hidden />{' '}
                  {phone === undefined ? texts.public.noPhone : <a href={`tel:${phone}`}>{phone}</a>}
                </p>
              ))}
            </li>
          ))}
        </ul>
      )}
    </Answer>
  )
}
