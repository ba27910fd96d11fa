import { z } from 'zod'
import type { LedgerTarget } from '#store/ledger/database.ts'
import { dataOption } from './common-options.ts'
import { type DataFolder, dataFolder } from './data-folder.ts'
import type { Option, OptionValues } from './options.ts'
import { secretOf } from './secret-file.ts'

/** Where everything of a service is kept: the folder, and the ledger where that is somewhere else. */
export const folderOptions = {
  data: dataOption,
  ledgerUrl: {
    env: 'WARMCITY_LEDGER_URL',
    schema: z
      .url({ protocol: /^postgres(ql)?$/, error: 'give a URL like postgres://warmcity@127.0.0.1:5432/warmcity' })
      .refine(
        (url) => new URL(url).password === '',
        'a password does not belong into the URL: give it by --ledger-password-file or in WARMCITY_LEDGER_PASSWORD',
      ),
    placeholder: 'URL',
    help: 'PostgreSQL database that is the ledger, in place of a file in the folder',
  } satisfies Option<string>,
  ledgerPassword: {
    env: 'WARMCITY_LEDGER_PASSWORD',
    schema: z.string().min(1),
    placeholder: 'TEXT',
    help: 'password of the user in the URL',
    secret: true,
  } satisfies Option<string>,
  ledgerPasswordFile: {
    env: 'WARMCITY_LEDGER_PASSWORD_FILE',
    schema: z.string().min(1),
    placeholder: 'FILE',
    help: "file that holds the ledger's password",
  } satisfies Option<string>,
}

export type FolderValues = OptionValues<typeof folderOptions>

/** The folder that the options name, with the ledger where they say. */
export function folderOf(values: FolderValues): DataFolder {
  const folder = dataFolder(values.data)
  const { ledgerUrl: url } = values
  if (url === undefined) return folder
  const password = secretOf(values.ledgerPassword, values.ledgerPasswordFile)
  const ledger: LedgerTarget = { url, ...(password !== undefined && { password }) }
  return { ...folder, ledger }
}

/** The flags that hand the ledger on to a service; a password reaches it through the environment. */
export function ledgerArguments({ ledgerUrl, ledgerPasswordFile }: FolderValues): string[] {
  return [
    ...(ledgerUrl === undefined ? [] : ['--ledger-url', ledgerUrl]),
    ...(ledgerPasswordFile === undefined ? [] : ['--ledger-password-file', ledgerPasswordFile]),
  ]
}
