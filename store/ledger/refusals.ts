export interface RefusalTables {
  refusal_client: { client_id: string; total: number; last_at: number }
  refusal: {
    client_id: string
    number: number
    at: number
    address: string
    action: 'connect' | 'publish' | 'subscribe'
    topic: string | null
    reason: string
  }
}
