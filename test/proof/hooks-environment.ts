/** What the edge under proof is told through its environment: the folder of the losing layer, the mistake to make. */
export const losingPlatterEnv = 'WARMCITY_PROOF_PLATTER'
export const mutantEnv = 'WARMCITY_PROOF_MUTANT'
