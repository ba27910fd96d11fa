import { Button, Segmented, Select } from 'antd'
import type { ReactNode } from 'react'
import { useTexts } from '../settings/settings.tsx'

interface FilterBarProps {
  readonly children: ReactNode
  /** Whether anything is filtered; offers to take it away. */
  readonly filtered: boolean
  onClear(): void
}

/** What a list is narrowed by. The state is the page's search in the URL, so that a link shows the same. */
export function FilterBar({ children, filtered, onClear }: FilterBarProps) {
  const { app } = useTexts()
  return (
    <search className="filters" aria-label={app.filters}>
      {children}
      {filtered && (
        <Button type="link" onClick={onClear}>
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
  readonly value: 'open' | 'all'
  onChange(value: 'open' | 'all'): void
}

/** What is open now, or everything that was. */
export function StateChoice({ value, onChange }: StateChoiceProps) {
  const { lists } = useTexts()
  return (
    <div className="choice">
      <span aria-hidden>{lists.state}</span>
      <Segmented
        aria-label={lists.state}
        value={value}
        options={[
          { value: 'open', label: lists.open },
          { value: 'all', label: lists.anyState },
        ]}
        onChange={onChange}
      />
    </div>
  )
}
