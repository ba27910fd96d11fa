import { cityPolicies, type Policy, policySchema } from '#domain/policy.ts'
import { readJsonFile } from './json-file.ts'

/** The rules of the named city, or those of a file, checked whole. */
export const readPolicy = ({
  city,
  policy,
}: {
  readonly city: string
  readonly policy?: string | undefined
}): Policy =>
  policy === undefined ? (cityPolicies[city] as Policy) : readJsonFile(policy, 'a file of rules', policySchema)
