import { openLedger } from '#store/ledger/database.ts'
import { registryContract } from './registry-contract.ts'
import { registryHistoryContract } from './registry-history-contract.ts'
import { registryLookupsContract } from './registry-lookups-contract.ts'

const openInMemory = () => openLedger(':memory:')
registryContract('SQLite', openInMemory)
registryHistoryContract('SQLite', openInMemory)
registryLookupsContract('SQLite', openInMemory)
