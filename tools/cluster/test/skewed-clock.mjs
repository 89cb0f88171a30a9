// Loaded before a program, sets its wall clock wrong by SKEW_MS; timers and the monotonic clock stay right, as on a
// machine without time synchronization.
const skewMs = Number(process.env.SKEW_MS ?? 0);
const RightDate = Date;
globalThis.Date = class extends RightDate {
  constructor(...given) {
    if (given.length === 0) super(RightDate.now() + skewMs);
    else super(...given);
  }

  static now() {
    return RightDate.now() + skewMs;
  }
};
