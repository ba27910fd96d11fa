import { z } from 'zod'
import { type RegistryTable, registryTableNames, registryTables } from '#domain/registry.ts'
import { instantOut } from '../schemas.ts'

/** A row as it is answered: times are epoch milliseconds. */
export type AnsweredRow = Readonly<Record<string, string | number | undefined>>

/** Columns whose schema reads several forms; what is answered has one. */
const answeredColumns: Readonly<Record<string, z.ZodType>> = {
  valid_from: instantOut.describe('Epoch milliseconds; belongs to it'),
  valid_to: instantOut.optional().describe('Epoch milliseconds; does not belong to it'),
}

function answeredRowSchema(table: RegistryTable): z.ZodType<AnsweredRow> {
  const columns = Object.entries<z.ZodType>(registryTables[table].schema.shape).map(
    ([column, schema]): [string, z.ZodType] => [column, answeredColumns[column] ?? schema],
  )
  return z.object(Object.fromEntries(columns)).meta({ id: `Registry_${table}` }) as z.ZodType<AnsweredRow>
}

/** The schema of each table's rows in answers, column by column the one that imports are checked by. */
export const answeredRowSchemas = Object.fromEntries(
  registryTableNames.map((table) => [table, answeredRowSchema(table)]),
) as Readonly<Record<RegistryTable, z.ZodType<AnsweredRow>>>
