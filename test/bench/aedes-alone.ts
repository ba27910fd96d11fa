import { createServer } from 'node:net'
import { Aedes } from 'aedes'

/** Stock aedes without any of our parts, for comparison: what a broker costs that keeps nothing. */
const broker = await Aedes.createBroker()
const server = createServer(broker.handle)
server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  if (address !== null && typeof address === 'object') process.send?.({ kind: 'listening', port: address.port })
})
process.on('disconnect', () => process.exit(0))
