// The injected faults and the violated guarantees; a report lists both side by side.

// Faults so long before something, and so long after it, may have to do with it.
const before = 3000;
const after = 500;
// More of one kind of breakage says nothing new.
const enough = 3;

export class FaultLog {
  #began = Date.now();
  #faults = [];
  #violations = new Map();
  counts = {};

  // Milliseconds since the run began.
  now() {
    return Date.now() - this.#began;
  }

  // Something was done on purpose.
  fault(kind, what = "") {
    this.counts[kind] = (this.counts[kind] ?? 0) + 1;
    this.#faults.push({ at: this.now(), what: `${kind} ${what}`.trimEnd() });
  }

  count(kind, by = 1) {
    this.counts[kind] = (this.counts[kind] ?? 0) + by;
  }

  // A promise was not kept, of that kind. `at` is when, if it was not just now.
  violation(what, { at = this.now(), ...details } = {}) {
    const known = this.#violations.get(what) ?? [];
    this.#violations.set(what, [...known, { at, details }].slice(0, enough));
    this.count(`BROKEN: ${what}`);
  }

  get isViolated() {
    return this.#violations.size > 0;
  }

  // The first of each kind, with what was done around it.
  report() {
    const all = [...this.#violations].flatMap(([what, some]) => some.map((one) => ({ what, ...one })));
    return all.flatMap(({ what, at, details }) => [
      `broken at ${seconds(at)}: ${what}`,
      ...Object.entries(details).map(([name, value]) => `    ${name}: ${JSON.stringify(value)}`),
      ...this.#around(at).map((fault) => `    around it: ${seconds(fault.at)} ${fault.what}`),
    ]);
  }

  // All faults, for comparison with the servers' logs.
  history() {
    return this.#faults.map(({ at, what }) => `${new Date(this.#began + at).toISOString()} ${seconds(at)} ${what}\n`);
  }

  #around(moment) {
    return this.#faults.filter(({ at }) => at > moment - before && at < moment + after).slice(-12);
  }
}

const seconds = (milliseconds) => `${(milliseconds / 1000).toFixed(3)} s`;
