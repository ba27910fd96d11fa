import { readFileSync } from 'node:fs'
import { cityPolicies, type Policy, policySchema } from '#domain/policy.ts'

/** The rules of the named city, or those of a file, checked whole. */
export function readPolicy({ city, policy }: { readonly city: string; readonly policy?: string | undefined }): Policy {
  if (policy === undefined) return cityPolicies[city] as Policy
  const parsed = policySchema.safeParse(JSON.parse(readFileSync(policy, 'utf8')))
  if (parsed.success) return parsed.data
  const problems = parsed.error.issues.map((issue) => `  ${issue.path.join('.')}: ${issue.message}`)
  throw new Error(`${policy} does not hold valid rules:\n${problems.join('\n')}`)
}
