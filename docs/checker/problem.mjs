/**
 * The problem and its witness: letters of mass zero removed, masses over one denominator, entropies enclosed.
 */

import {
  ceilingDivide, compare, enclosedPhi, fixed, FINE, floorDivide, greatest, greatestRational, GRID, least, leastRational,
  negative, ONE, overCommonDenominator, Refused, sum, SUM,
} from "./numbers.mjs";

const refuse = (place, reason) => {
  throw new Refused(place, reason);
};

const NOTHING = { top: 0n, bottom: 1n };
const WHOLE = { top: 1n, bottom: 1n };

function checkPmf(pmf, place) {
  const { denominator, numerators } = overCommonDenominator(pmf);
  numerators.forEach((top, i) => {
    if (top < 0n) refuse(`${place}[${i}]`, "a probability must be at least 0");
  });
  if (numerators.reduce((total, top) => total + top, 0n) !== denominator) refuse(place, "its sum must be exactly 1");
}

function checkLimit(limit, place) {
  if (limit !== null && limit.top < 0n) refuse(place, "it must be at least 0");
  return limit;
}

/** The smaller of two limits, of which either may be absent. */
function leastLimit(a, b) {
  if (a === null || b === null) return a ?? b;
  return leastRational(a, b);
}

/** Masses of the kept letters: exact over one denominator, and as grid numbers rounded down and up. */
function masses(pmf, keepAll) {
  const kept = pmf.flatMap((p, i) => (p.top > 0n || keepAll ? [i] : []));
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
    this.rate = checkLimit(rate, "problem.rate");
    this.tolerance = checkLimit(stated.p_y_tolerance ?? NOTHING, "problem.p_y_tolerance");
    /** Whether the law of Y is p_y, exactly. */
    this.held = this.tolerance.top === 0n;
    this.stated = { x: p_x.length, y: p_y.length };
    this.x = masses(p_x, false);
    this.y = masses(p_y, !this.held);
    this.n = this.x.kept.length;
    this.m = this.y.kept.length;
    /** Between which the mass of each letter of Y lies. */
    this.lawEnds = this.y.kept.map((y) => [
      greatestRational(sum(p_y[y], negative(this.tolerance)), NOTHING),
      leastRational(sum(p_y[y], this.tolerance), WHOLE),
    ]);
    this.columnGrid = this.lawEnds.map(([low, high]) => [
      fixed(low.top, low.bottom, GRID)[0],
      fixed(high.top, high.bottom, GRID)[1],
    ]);
    this.labelLimit = this.givenYLimit = this.privacy = this.rows = null;
    this.labels = 0;
    if (label !== null) this.#readLabel(label);
    /** H(S|Y,U) is at most H(S|Y). */
    this.seenLimit = leastLimit(this.labelLimit, this.givenYLimit);
    this.distortion = stated.distortion ?? null;
    if (this.distortion !== null) this.distortion = this.#matrix(this.distortion, "problem.distortion");
    this.constraints = (stated.constraints ?? []).map(({ coefficients, lower, upper }, i) => {
      return { ...this.#matrix(coefficients, `problem.constraints[${i}].coefficients`), lower, upper };
    });
    this.subsetMasses = subsetSums(this.x.numerators);
    this.entropyX = enclosedEntropy(this.x.numerators, this.x.denominator);
    this.entropyY = enclosedEntropy(this.y.numerators, this.y.denominator);
    /** The sums of phi(p_X(x)) over the letters of every set, from below. */
    this.phiApart = subsetSums(this.x.numerators.map((top) => enclosedPhi(top, this.x.denominator)[0]));
    this.phiOfMass = this.subsetMasses.map((top) => enclosedPhi(top, this.x.denominator));
  }

  /** The entries of the kept cells, over one denominator. */
  #matrix(rows, place) {
    if (rows.length !== this.stated.x) refuse(place, `it must have ${this.stated.x} rows`);
    rows.forEach((row, x) => {
      if (row.length !== this.stated.y) refuse(`${place}[${x}]`, `it must have ${this.stated.y} entries`);
    });
    return overCommonDenominator(this.x.kept.flatMap((x) => this.y.kept.map((y) => rows[x][y])));
  }

  #readLabel(label) {
    const rows = label.p_s_given_x;
    const place = "problem.label.p_s_given_x";
    if (rows.length !== this.stated.x) refuse(place, "it must have one row for each X-letter");
    rows.forEach((row, x) => {
      if (row.length !== rows[0].length) refuse(`${place}[${x}]`, "its length differs from that of the first row");
      checkPmf(row, `${place}[${x}]`);
    });
    const limit = (key) => checkLimit(label[key] ?? null, `problem.label.${key}`);
    this.labelLimit = limit("max_entropy");
    this.givenYLimit = limit("max_entropy_given_y");
    this.privacy = limit("min_entropy_given_y");
    this.labels = rows[0].length;
    this.rows = this.x.kept.map((x) => rows[x]);
    /** p(s|x) over one denominator, at x * labels + s. */
    this.channel = overCommonDenominator(this.rows.flat());
  }

  /** Lambda(A) = sum_s phi(P(s, A)) - phi(p_X(A)) for every set A, enclosed. */
  get labelEntropies() {
    if (this.cachedLabel === undefined) {
      const { denominator, numerators } = this.channel;
      const total = denominator * this.x.denominator;
      this.cachedLabel = this.phiOfMass.map(([low, high]) => [-high, -low]);
      for (let s = 0; s < this.labels; s += 1) {
        const joint = this.x.numerators.map((mass, x) => mass * numerators[x * this.labels + s]);
        subsetSums(joint).forEach((top, set) => {
          const [low, high] = enclosedPhi(top, total);
          this.cachedLabel[set][0] += low;
          this.cachedLabel[set][1] += high;
        });
      }
    }
    return this.cachedLabel;
  }

  /** The pairs of cells whose order may be assumed, as [first, second]. */
  orderPairs(order) {
    if (order === null) return [];
    if (order.length !== 2) refuse("order", "it must be null or a pair of letters");
    const [a, b] = order;
    if (a >= this.n) refuse("order[0]", `it must be below ${this.n}, the number of X-letters that are kept`);
    if (b >= this.m) refuse("order[1]", `it must be below ${this.m}, the number of Y-letters that are kept`);
    const { n, m } = this;
    const cell = (x, y) => x * m + y;
    const matrices = [...this.constraints, ...(this.distortion === null ? [] : [this.distortion])];
    const alike = (count, one, other) => {
      const indices = Array.from({ length: count }, (_, i) => i);
      return matrices.every(({ numerators }) => indices.every((i) => numerators[one(i)] === numerators[other(i)]));
    };
    const sameRow = (x, z) =>
      this.x.numerators[x] === this.x.numerators[z] &&
      (this.rows === null || this.rows[x].every((p, s) => equal(p, this.rows[z][s]))) &&
      alike(m, (y) => cell(x, y), (y) => cell(z, y));
    const sameColumn = (y, z) =>
      this.y.numerators[y] === this.y.numerators[z] && alike(n, (x) => cell(x, y), (x) => cell(x, z));
    const xClasses = classes(n, sameRow);
    const yClasses = classes(m, sameColumn);
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

  /** Check that the witness meets every limit and is worth the end of the claim that it stands for. */
  checkWitness(witness, claim) {
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
    const law = Array.from({ length: m }, (_, y) => coupling.reduce((mass, p, i) => (i % m === y ? mass + p : mass), 0n));
    this.#checkLaw(law, total);
    this.constraints.forEach((row, i) => {
      const mean = meanOf(row, coupling, total);
      const below = row.lower !== null && compare(mean, row.lower) < 0n;
      if (below || (row.upper !== null && compare(mean, row.upper) > 0n)) refuse("witness", `it violates constraints[${i}]`);
    });
    const exceeds = (value, scale, limit) => limit !== null && value * limit.bottom > (limit.top * scale) << FINE;
    if (exceeds(rate, denominator, this.rate)) refuse("witness", "its rate exceeds the limit, or is too near to tell");
    if (exceeds(label, denominator, this.labelLimit)) refuse("witness", "its label entropy exceeds the limit, or is too near to tell");
    const [low, high] = this.#labelGivenY(coupling, law, total);
    if (exceeds(high, 1n, this.givenYLimit)) refuse("witness", "its H(S|Y) exceeds the limit, or is too near to tell");
    const { privacy } = this;
    if (privacy !== null && privacy.top > 0n && low * privacy.bottom < privacy.top << FINE) {
      refuse("witness", "its H(S|Y) is below the least allowed, or too near to tell");
    }
    this.#checkWorth(coupling, law, total, claim);
  }

  #checkLaw(law, total) {
    const { numerators, denominator, kept } = this.y;
    let apart = 0n;
    law.forEach((mass, y) => {
      const difference = mass * denominator - numerators[y] * total;
      if (this.held && difference !== 0n) refuse("witness", `the mass of Y-letter ${kept[y]} is not p_y`);
      apart += difference < 0n ? -difference : difference;
    });
    if (apart * this.tolerance.bottom > 2n * this.tolerance.top * denominator * total) {
      refuse("witness", "its law of Y is farther from p_y than the tolerance");
    }
  }

  /** H(S|Y), enclosed; exactly 0 of a letter of Y whose mass has one label. */
  #labelGivenY(coupling, law, total) {
    const found = [0n, 0n];
    if (this.rows === null) return found;
    law.forEach((mass, y) => {
      const joint = this.labelMasses((x) => coupling[x * this.m + y]);
      const whole = mass * this.channel.denominator;
      if (joint.includes(whole)) return;
      const apart = enclosedEntropy(joint, total * this.channel.denominator);
      const together = enclosedPhi(mass, total);
      found[0] += apart[0] - together[1];
      found[1] += apart[1] - together[0];
    });
    return found;
  }

  /** sum_x p(s|x) amount(x) for every s, times the channel's denominator. */
  labelMasses(amount) {
    const sums = new Array(this.labels).fill(0n);
    for (let x = 0; x < this.n; x += 1) {
      const mass = amount(x);
      for (let s = 0; s < this.labels; s += 1) sums[s] += this.channel.numerators[x * this.labels + s] * mass;
    }
    return sums;
  }

  #checkWorth(coupling, law, total, claim) {
    if (this.distortion !== null) {
      if (compare(meanOf(this.distortion, coupling, total), claim.upper) > 0n) {
        refuse("witness", "its distortion is above claim.upper");
      }
    } else if (claim.lower.top > 0n) {
      const information = this.entropyX[0] + enclosedEntropy(law, total)[0] - enclosedEntropy(coupling, total)[1];
      if (information * claim.lower.bottom < claim.lower.top << FINE) {
        refuse("witness", "its I(X;Y) is below claim.lower, or too near to tell");
      }
    }
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

  /** What leaves have to prove, rounded up to a multiple of 2^-SUM. */
  target({ lower, upper }) {
    if (this.distortion !== null) return fixed(lower.top, lower.bottom, SUM)[1];
    const entropies = this.entropyX[1] + (this.held ? this.entropyY[1] : 0n);
    return (entropies << GRID) + fixed(-upper.top, upper.bottom, SUM)[1];
  }

  /**
   * Between which P(s, y) = sum_x p(s|x) P(x, y) lies in a box, for every s: grid numbers, rounded outward.  What the
   * mass of y leaves beyond the lower ends goes to the letters of least p(s|x) first, or of greatest.
   */
  labelIntervals(lower, upper, y) {
    const letters = Array.from({ length: this.n }, (_, x) => x);
    const chance = (x, s) => this.channel.numerators[x * this.labels + s];
    const low = (x) => lower[x * this.m + y];
    const start = this.labelMasses(low);
    const used = letters.reduce((mass, x) => mass + low(x), 0n);
    return Array.from({ length: this.labels }, (_, s) => {
      const order = [...letters].sort((x, z) => Number(chance(x, s) > chance(z, s)) - Number(chance(x, s) < chance(z, s)));
      const [bottom, top] = this.lawEnds[y].map(({ top: mass, bottom: unit }, end) => {
        let rest = greatest((mass << GRID) - used * unit, 0n);
        let value = start[s] * unit;
        for (const x of end === 0 ? order : order.reverse()) {
          const part = least(rest, (upper[x * this.m + y] - low(x)) * unit);
          value += chance(x, s) * part;
          rest -= part;
        }
        const scale = unit * this.channel.denominator;
        return least(end === 0 ? floorDivide(value, scale) : ceilingDivide(value, scale), ONE);
      });
      return [bottom, greatest(bottom, top)];
    });
  }
}

function enclosedEntropy(numerators, denominator) {
  const found = [0n, 0n];
  for (const top of numerators) {
    const [low, high] = enclosedPhi(top, denominator);
    found[0] += low;
    found[1] += high;
  }
  return found;
}

/** The sum of coefficients times masses. */
function meanOf({ numerators, denominator }, coupling, total) {
  return { top: coupling.reduce((value, p, i) => value + p * numerators[i], 0n), bottom: total * denominator };
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
