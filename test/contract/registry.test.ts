import { ledgerEngine, newLedger } from '../support/new-ledger.ts'
import { registryContract } from './registry-contract.ts'
import { registryHistoryContract } from './registry-history-contract.ts'
import { registryLookupsContract } from './registry-lookups-contract.ts'

registryContract(ledgerEngine, newLedger)
registryHistoryContract(ledgerEngine, newLedger)
registryLookupsContract(ledgerEngine, newLedger)
