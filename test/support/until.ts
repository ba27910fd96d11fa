/** Between two looks at an outcome that takes a moment. */
const lookAgainMs = 25

/** Looks until what is found is what is wanted. Bounded by the test's own time. */
export async function until<T>(look: () => T | Promise<T>, wanted: (found: T) => boolean): Promise<T> {
  for (;;) {
    const found = await look()
    if (wanted(found)) return found
    await new Promise((resolve) => setTimeout(resolve, lookAgainMs))
  }
}
