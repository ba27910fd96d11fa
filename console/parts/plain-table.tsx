import { isValidElement, type ReactNode } from 'react'

interface PlainTableProps {
  readonly label: string
  readonly columns: readonly string[]
  /** No two rows say the same; what is no text or number has a key that does. */
  readonly rows: readonly (readonly ReactNode[])[]
}

/** A short table, all of it in the page. */
export function PlainTable({ label, columns, rows }: PlainTableProps) {
  return (
    // A region that scrolls sideways must be reachable by keyboard.
    <section className="plain-table" tabIndex={0} aria-label={label}>
      <table>
        <thead>
          <tr>
            {columns.map((column) => (
              <th key={column} scope="col">
                {column}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.map(saidBy).join(' ')}>
              {row.map((cell, column) => (
                <td key={columns[column]}>{cell}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  )
}

const saidBy = (cell: ReactNode) => (isValidElement(cell) ? cell.key : String(cell))
