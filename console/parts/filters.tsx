import { Button, Segmented, Select } from 'antd'
import type { ReactNode } from 'react'
import { useTexts } from '../settings/settings.tsx'
import type { Filters } from './use-filters.ts'

interface FilterBarProps {
  readonly children: ReactNode
  readonly filters: Pick<Filters<object>, 'filtered' | 'clear'>
}

/** What a list is narrowed by, and the way back to all of it. */
export function FilterBar({ children, filters: { filtered, clear } }: FilterBarProps) {
  const { app } = useTexts()
  return (
    <search className="filters" aria-label={app.filters}>
      {children}
      {filtered && (
        <Button type="link" onClick={clear}>
          {app.clearFilters}
        </Button>
      )}
    </search>
  )
}

interface ChoiceProps<T extends string> {
  readonly label: string
  readonly value: T | undefined
  readonly options: readonly { readonly value: T; readonly label: string }[]
  /** What stands there while nothing is chosen. */
  readonly unset?: string
  onChange(value: T | undefined): void
}

/** One of a few, or all. */
export function Choice<T extends string>({ label, value, options, unset, onChange }: ChoiceProps<T>) {
  const { app } = useTexts()
  return (
    <div className="choice">
      <span aria-hidden>{label}</span>
      <Select
        aria-label={label}
        popupMatchSelectWidth={false}
        placeholder={unset ?? app.all}
        allowClear
        value={value ?? null}
        options={[...options]}
        onChange={(next: T | null | undefined) => onChange(next ?? undefined)}
      />
    </div>
  )
}

/** Any number of a few. */
export function Choices<T extends string>({
  label,
  value,
  options,
  onChange,
}: Pick<ChoiceProps<T>, 'label' | 'options'> & { readonly value: readonly T[]; onChange(value: T[]): void }) {
  const { app } = useTexts()
  return (
    <div className="choice">
      <span aria-hidden>{label}</span>
      <Select
        aria-label={label}
        mode="multiple"
        maxTagCount="responsive"
        className="choices"
        popupMatchSelectWidth={false}
        placeholder={app.all}
        allowClear
        value={[...value]}
        options={[...options]}
        onChange={onChange}
      />
    </div>
  )
}

interface StateChoiceProps {
  /** Only what is open, unless it is given. */
  readonly value: 'all' | undefined
  onChange(value: 'all' | undefined): void
}

/** What is open now, or everything that was. */
export function StateChoice({ value, onChange }: StateChoiceProps) {
  const { lists } = useTexts()
  return (
    <div className="choice">
      <span aria-hidden>{lists.state}</span>
      <Segmented
        aria-label={lists.state}
        value={value ?? 'open'}
        options={[
          { value: 'open', label: lists.open },
          { value: 'all', label: lists.anyState },
        ]}
        onChange={(next) => onChange(next === 'all' ? next : undefined)}
      />
    </div>
  )
}
