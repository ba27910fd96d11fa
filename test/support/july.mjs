// Loaded with --import into every process of a service under test: all of them read a date that is shifted alike.
const offsetMs = Number(process.env.WARMCITY_TEST_DATE_OFFSET_MS)
const RealDate = Date
const realNow = RealDate.now

globalThis.Date = class extends RealDate {
  constructor(...parts) {
    if (parts.length === 0) super(realNow() + offsetMs)
    else super(...parts)
  }

  static now() {
    return realNow() + offsetMs
  }
}
