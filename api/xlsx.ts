import writeXlsxFile, { type Cell, type SheetData } from 'write-excel-file/node'

export const xlsxContentType = 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet'

/**
 * A workbook with one sheet. Texts are written as texts, so that none is run as a formula, whatever it begins with.
 */
export async function xlsxFile(
  sheet: string,
  columns: readonly string[],
  rows: readonly (readonly (string | number | undefined)[])[],
): Promise<Buffer> {
  const head: Cell[] = columns.map((value) => ({ value, type: String, fontWeight: 'bold' }))
  const data: SheetData = [head, ...rows.map((row) => row.map(cellOf))]
  return writeXlsxFile(data, { sheet, stickyRowsCount: 1 }).toBuffer()
}

function cellOf(value: string | number | undefined): Cell {
  if (value === undefined) return null
  return typeof value === 'number' ? { value, type: Number } : { value, type: String }
}
