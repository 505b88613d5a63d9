/**
 * The problem and its witness: letters of mass zero removed, masses over one denominator, entropies enclosed.
 */

import { enclosedPhi, fixed, FINE, GRID, overCommonDenominator, Refused, SUM } from "./numbers.mjs";

const refuse = (place, reason) => {
  throw new Refused(place, reason);
};

function checkPmf(pmf, place) {
  const { denominator, numerators } = overCommonDenominator(pmf);
  numerators.forEach((top, i) => {
    if (top < 0n) refuse(`${place}[${i}]`, "a probability must be at least 0");
  });
  if (numerators.reduce((sum, top) => sum + top, 0n) !== denominator) refuse(place, "its sum must be exactly 1");
}

/** Masses of the kept letters: exact over one denominator, and as grid numbers rounded down and up. */
function masses(pmf) {
  const kept = pmf.flatMap((p, i) => (p.top > 0n ? [i] : []));
  const { denominator, numerators } = overCommonDenominator(kept.map((i) => pmf[i]));
  return { kept, denominator, numerators, grid: numerators.map((top) => fixed(top, denominator, GRID)) };
}

const equal = (a, b) => a.top === b.top && a.bottom === b.bottom;

/** The classes of letters that `same` says are exchangeable, and the letters in them, in the order of the letters. */
function classes(count, same) {
  const found = [];
  for (let i = 0; i < count; i += 1) {
    const home = found.find(([first]) => same(first, i));
    if (home === undefined) found.push([i]);
    else home.push(i);
  }
  return found;
}

export class Problem {
  constructor(stated) {
    const { p_x, p_y, rate, label } = stated;
    checkPmf(p_x, "problem.p_x");
    checkPmf(p_y, "problem.p_y");
    if (rate !== null && rate.top < 0n) refuse("problem.rate", "it must be at least 0");
    this.stated = { x: p_x.length, y: p_y.length };
    this.x = masses(p_x);
    this.y = masses(p_y);
    this.n = this.x.kept.length;
    this.m = this.y.kept.length;
    this.rate = rate;
    this.labelLimit = null;
    this.rows = null;
    if (label !== null) this.#readLabel(label);
    this.subsetMasses = subsetSums(this.x.numerators);
    this.phiOfMass = this.subsetMasses.map((top) => enclosedPhi(top, this.x.denominator));
  }

  #readLabel({ p_s_given_x: rows, max_entropy: limit }) {
    const place = "problem.label.p_s_given_x";
    if (rows.length !== this.stated.x) refuse(place, "it must have one row for each X-letter");
    rows.forEach((row, x) => {
      if (row.length !== rows[0].length) refuse(`${place}[${x}]`, "its length differs from that of the first row");
      checkPmf(row, `${place}[${x}]`);
    });
    if (limit !== null && limit.top < 0n) refuse("problem.label.max_entropy", "it must be at least 0");
    this.labelLimit = limit;
    this.rows = this.x.kept.map((x) => rows[x]);
  }

  /** Lambda(A) = sum_s phi(P(s, A)) - phi(p_X(A)) for every set A, enclosed. */
  get labelEntropies() {
    if (this.cachedLabel === undefined) {
      const letters = this.rows[0].length;
      const { denominator, numerators } = overCommonDenominator(this.rows.flat());
      const total = denominator * this.x.denominator;
      this.cachedLabel = this.phiOfMass.map(([low, high]) => [-high, -low]);
      for (let s = 0; s < letters; s += 1) {
        const joint = this.x.numerators.map((mass, x) => mass * numerators[x * letters + s]);
        subsetSums(joint).forEach((top, set) => {
          const [low, high] = enclosedPhi(top, total);
          this.cachedLabel[set][0] += low;
          this.cachedLabel[set][1] += high;
        });
      }
    }
    return this.cachedLabel;
  }

  /** H(X) + H(Y), enclosed. */
  get entropies() {
    const sum = [0n, 0n];
    for (const { numerators, denominator } of [this.x, this.y]) {
      for (const top of numerators) {
        const [low, high] = enclosedPhi(top, denominator);
        sum[0] += low;
        sum[1] += high;
      }
    }
    return sum;
  }

  /** The pairs of cells whose order may be assumed, as [first, second]. */
  orderPairs(order) {
    if (order === null) return [];
    if (order.length !== 2) refuse("order", "it must be null or a pair of letters");
    const [a, b] = order;
    if (a >= this.n) refuse("order[0]", `it must be below ${this.n}, the number of X-letters of positive mass`);
    if (b >= this.m) refuse("order[1]", `it must be below ${this.m}, the number of Y-letters of positive mass`);
    const { n, m } = this;
    const sameRow = (x, z) => this.rows === null || this.rows[x].every((p, s) => equal(p, this.rows[z][s]));
    const xClasses = classes(n, (x, z) => this.x.numerators[x] === this.x.numerators[z] && sameRow(x, z));
    const yClasses = classes(m, (y, z) => this.y.numerators[y] === this.y.numerators[z]);
    const cell = (x, y) => x * m + y;
    const pairs = [];
    for (const x of xClasses.find((letters) => letters.includes(a))) {
      for (const y of yClasses.find((letters) => letters.includes(b))) {
        if (x !== a || y !== b) pairs.push([cell(a, b), cell(x, y)]);
      }
    }
    for (const letters of xClasses) {
      const others = letters.filter((x) => x !== a);
      for (let i = 1; i < others.length; i += 1) pairs.push([cell(others[i - 1], b), cell(others[i], b)]);
    }
    for (const letters of yClasses) {
      const others = letters.filter((y) => y !== b);
      for (let i = 1; i < others.length; i += 1) pairs.push([cell(a, others[i - 1]), cell(a, others[i])]);
    }
    return pairs;
  }

  /** Check that the witness meets every limit and has at least the claimed I(X;Y). */
  checkWitness(witness, lower) {
    const { mappings, weights } = witness;
    if (mappings.length !== weights.length) refuse("witness.weights", "there must be one for each mapping");
    checkPmf(weights, "witness.weights");
    const images = mappings.map((mapping, k) => this.#keptImages(mapping, `witness.mappings[${k}]`));
    const { denominator, numerators } = overCommonDenominator(weights);
    const { n, m } = this;
    const coupling = new Array(n * m).fill(0n);
    let rate = 0n;
    let label = 0n;
    images.forEach((image, k) => {
      const sets = new Array(m).fill(0);
      image.forEach((y, x) => {
        coupling[x * m + y] += numerators[k] * this.x.numerators[x];
        sets[y] |= 1 << x;
      });
      for (const set of sets) {
        rate += numerators[k] * this.phiOfMass[set][1];
        if (this.labelLimit !== null) label += numerators[k] * this.labelEntropies[set][1];
      }
    });
    const total = denominator * this.x.denominator;
    for (let y = 0; y < m; y += 1) {
      let sum = 0n;
      for (let x = 0; x < n; x += 1) sum += coupling[x * m + y];
      if (sum * this.y.denominator !== this.y.numerators[y] * total) {
        refuse("witness", `the mass of Y-letter ${this.y.kept[y]} is not p_y`);
      }
    }
    const exceeds = (sum, limit) => limit !== null && sum * limit.bottom > (limit.top * denominator) << FINE;
    if (exceeds(rate, this.rate)) refuse("witness", "its rate exceeds the limit, or is too near to tell");
    if (exceeds(label, this.labelLimit)) refuse("witness", "its label entropy exceeds the limit, or is too near to tell");
    let information = this.entropies[0];
    for (const top of coupling) information -= enclosedPhi(top, total)[1];
    if (information * lower.bottom < lower.top << FINE) refuse("witness", "its I(X;Y) is below claim.lower, or too near to tell");
  }

  #keptImages(mapping, place) {
    if (mapping.length !== this.stated.x) refuse(place, `it must list ${this.stated.x} images`);
    mapping.forEach((y, x) => {
      if (y >= this.stated.y) refuse(`${place}[${x}]`, `an image must be below ${this.stated.y}`);
    });
    return this.x.kept.map((x) => {
      const y = this.y.kept.indexOf(mapping[x]);
      if (y < 0) refuse(`${place}[${x}]`, "a letter of positive mass has an image of mass zero");
      return y;
    });
  }

  /** H(X) + H(Y) - upper, rounded up to a multiple of 2^-SUM. */
  target(upper) {
    return (this.entropies[1] << GRID) + fixed(-upper.top, upper.bottom, SUM)[1];
  }
}

/** The sums of the numbers over every set of indices; a set is the integer of its bits. */
export function subsetSums(numbers) {
  const sums = new Array(1 << numbers.length).fill(0n);
  for (let set = 1; set < sums.length; set += 1) {
    const lowest = 31 - Math.clz32(set & -set);
    sums[set] = sums[set & (set - 1)] + numbers[lowest];
  }
  return sums;
}
