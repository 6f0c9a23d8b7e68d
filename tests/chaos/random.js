// Chance that can be had again: one seed, and from it a stream of numbers for each name.

export class Random {
  #state;

  constructor(seed, name) {
    this.#state = hash(`${seed}/${name}`);
  }

  // From 0 up to 1 (mulberry32).
  number() {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  // A whole number, both ends included.
  between(low, high) {
    return low + Math.floor(this.number() * (high - low + 1));
  }

  chance(probability) {
    return this.number() < probability;
  }

  pick(list) {
    return list[this.between(0, list.length - 1)];
  }

  // One of the names, as often as its weight says.
  weighted(weights) {
    let left = this.number() * Object.values(weights).reduce((sum, weight) => sum + weight, 0);
    for (const [name, weight] of Object.entries(weights)) {
      left -= weight;
      if (left < 0) return name;
    }
    return Object.keys(weights)[0];
  }

  // How long until the next of what happens every so often on average, and forgets how long it has been.
  wait(average) {
    return -Math.log(1 - this.number()) * average;
  }
}

// FNV-1a.
function hash(text) {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(text)) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash;
}
