/** Turns a failed listen into words that name the option to change; other errors stay as they are. */
export function listenFailure(error: unknown, what: string, option: string): Error {
  const failure = error as NodeJS.ErrnoException & { address?: string; port?: number }
  if (failure.syscall !== 'listen') return failure
  const where = `${failure.address ?? ''}:${failure.port ?? ''}`
  const reason = failure.code === 'EADDRINUSE' ? 'another program listens there' : failure.message
  const message = `${what} cannot listen on ${where}: ${reason}. Choose another port with ${option}.`
  return Object.assign(new Error(message, { cause: error }), { code: 'listen_failed' })
}
