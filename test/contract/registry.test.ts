import { openLedger } from '#store/ledger/database.ts'
import { registryContract } from './registry-contract.ts'
import { registryHistoryContract } from './registry-history-contract.ts'

const openInMemory = () => openLedger(':memory:')
registryContract('SQLite', openInMemory)
registryHistoryContract('SQLite', openInMemory)
