// Loaded with --import into every process of a service under test: the machine's date is in July.
const offsetMs = Date.UTC(2027, 6, 15, 12) - Date.now()
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
