/**
 * What a record proves: weak duality with Jensen's inequality, over all m^n mappings, rounded down throughout.
 */

import {
  enclosedChord, enclosedDerivative, enclosedPhi, fixed, FINE, floorDivide, GRID, gridPhi, least, ONE, Refused, SUM,
} from "./numbers.mjs";
import { subsetSums } from "./problem.mjs";

/** Products of two grid numbers, lifted to multiples of 2^-SUM. */
const LIFT = SUM - 2n * GRID;
const ATOM = 256n;

/** Check what the format says of a record by itself. */
export function checkRecord(record, problem, pairs, index) {
  const place = (key) => `records[${index}].${key}`;
  const refuse = (key, reason) => {
    throw new Refused(place(key), reason);
  };
  const { n, m } = problem;
  const bound = record.kind === "bound";
  const lengths = {
    lower: n * m, upper: n * m, cells: n * m, marginals: m, order: pairs.length,
    from: bound ? n * m : 0, to: bound ? n * m : 0, theta: bound ? n * m : 0,
  };
  for (const [key, length] of Object.entries(lengths)) {
    if (record[key].length !== length) refuse(key, `it must have ${length} entries`);
  }
  const inOrder = (low, high) => {
    record[low].forEach((start, cell) => {
      if (start < 0n) refuse(`${low}[${cell}]`, "it must be at least 0");
      if (start > record[high][cell]) refuse(`${low}[${cell}]`, `it must be at most the entry of "${high}"`);
      if (record[high][cell] > ONE) refuse(`${high}[${cell}]`, "it must be at most 1");
    });
  };
  inOrder("lower", "upper");
  inOrder("from", "to");
  record.theta.forEach((share, cell) => {
    if (share < 0n || share > ONE) refuse(`theta[${cell}]`, "it must lie in [0, 1]");
  });
  for (const [key, limit] of [["rate", problem.rate], ["label", problem.labelLimit]]) {
    if (record[key] > 0n) refuse(key, "the multiplier of a limit must be at most 0");
    if (limit === null && record[key] !== 0n) refuse(key, "it must be 0: there is no limit");
  }
  record.order.forEach((multiplier, pair) => {
    if (multiplier < 0n) refuse(`order[${pair}]`, "it must be at least 0");
  });
}

/** The concave function g of one cell: phi on [s, e], lines outside. */
class Touching {
  constructor(low, high, start, end) {
    this.everywhere = end === 0n && high === 0n;
    this.start = start;
    this.end = end;
    if (start > 0n) this.left = start > low ? enclosedChord(low, start)[1] : enclosedDerivative(start)[1];
    if (end < ONE && !this.everywhere) {
      this.right = end < high ? enclosedChord(end, high)[0] : enclosedDerivative(end)[0];
    }
  }

  /** A lower bound of g at v in [low, high] / 2^ATOM, in multiples of 2^-SUM; phi(v) is `value`, at least. */
  at([low, high], value) {
    if (this.everywhere) return value;
    if (low < this.start << (ATOM - GRID)) {
      const distance = (this.start << (ATOM - GRID)) - (this.left >= 0n ? low : high);
      return (gridPhi(this.start)[0] << GRID) - ceilingShift(this.left * distance, ATOM + GRID - SUM);
    }
    if (high > this.end << (ATOM - GRID)) {
      const distance = (this.right >= 0n ? low : high) - (this.end << (ATOM - GRID));
      return (gridPhi(this.end)[0] << GRID) + ((this.right * distance) >> (ATOM + GRID - SUM));
    }
    return value;
  }
}

const ceilingShift = (a, bits) => -(-a >> bits);

export class Records {
  constructor(problem, pairs, records) {
    this.problem = problem;
    this.pairs = pairs;
    this.records = records;
    this.values = new Array(records.length).fill(null);
    this.atoms = new Map();
  }

  /** The record's lower bound of H(X,Y), or the sum of a farkas record, in multiples of 2^-SUM. */
  value(index) {
    this.values[index] ??= this.#evaluate(this.records[index]);
    return this.values[index];
  }

  #evaluate(record) {
    const { n, m, x, y, rate, labelLimit } = this.problem;
    const bound = record.kind === "bound";
    let total = 0n;
    // The coefficient of P(x, y) in G_y, in multiples of 2^-2GRID.
    const coefficients = record.cells.map((z, cell) => -(z + record.marginals[cell % m]) << GRID);
    this.pairs.forEach(([first, second], i) => {
      coefficients[first] -= record.order[i] << GRID;
      coefficients[second] += record.order[i] << GRID;
    });
    record.cells.forEach((z, cell) => {
      const low = record.lower[cell];
      const high = record.upper[cell];
      total += (z > 0n ? z * low : z * high) << LIFT;
      if (!bound) return;
      const slope = low === high ? 0n : enclosedChord(low, high)[0];
      const intercept = least(lineAt(low, slope), lineAt(high, slope));
      total += (ONE - record.theta[cell]) * intercept;
      coefficients[cell] += (ONE - record.theta[cell]) * slope;
    });
    let product = 0n;
    record.marginals.forEach((z, letter) => {
      product += z * y.numerators[letter];
    });
    total += floorDivide(product << (SUM - GRID), y.denominator);
    if (record.rate !== 0n) total += floorDivide((record.rate * rate.top) << (SUM - GRID), rate.bottom);
    if (record.label !== 0n) total += floorDivide((record.label * labelLimit.top) << (SUM - GRID), labelLimit.bottom);

    const tables = [];
    for (let letter = 0; letter < m; letter += 1) {
      const terms = x.numerators.map((top, i) =>
        floorDivide((top * coefficients[i * m + letter]) << LIFT, x.denominator),
      );
      tables.push(subsetSums(terms));
    }
    if (record.rate !== 0n) {
      addToAll(tables, this.problem.phiOfMass.map(([low]) => -record.rate * low));
    }
    if (record.label !== 0n) {
      // Lambda(A) = p_X(A) H(S | A) is never negative, whatever its enclosure says.
      addToAll(tables, this.problem.labelEntropies.map(([low]) => (low > 0n ? -record.label * low : 0n)));
    }
    if (bound) this.#addJensen(tables, record, n, m);
    return total + leastOverMappings(tables);
  }

  /** Add p_X(A) / p_Y(y) * sum_x theta g(v(A)) to each G_y(A), A not empty. */
  #addJensen(tables, record, n, m) {
    const sets = 1 << n;
    for (let letter = 0; letter < m; letter += 1) {
      const sums = new Array(sets).fill(0n);
      let any = false;
      for (let i = 0; i < n; i += 1) {
        const cell = i * m + letter;
        const share = record.theta[cell];
        if (share === 0n) continue;
        any = true;
        const touching = new Touching(record.lower[cell], record.upper[cell], record.from[cell], record.to[cell]);
        const atoms = this.#atomsOf(i, letter);
        const absent = touching.at([0n, 0n], 0n);
        for (let set = 1; set < sets; set += 1) {
          const inside = (set >> i) & 1;
          sums[set] += share * (inside ? touching.at(atoms[set].ends, atoms[set].phi) : absent);
        }
      }
      if (!any) continue;
      const ratios = this.#ratiosOf(letter);
      for (let set = 1; set < sets; set += 1) {
        const sum = sums[set];
        tables[letter][set] += (sum * ratios[set][sum < 0n ? 1 : 0]) >> (ATOM + GRID);
      }
    }
  }

  /** For each set A with x: p_Y(y) p_X(x) / p_X(A), enclosed, and phi of it from below. */
  #atomsOf(i, letter) {
    return this.#cached(`atom ${i} ${letter}`, (set) => {
      if (((set >> i) & 1) === 0) return null;
      const { x, y, subsetMasses } = this.problem;
      const top = y.numerators[letter] * x.numerators[i];
      const bottom = y.denominator * subsetMasses[set];
      return { ends: fixed(top, bottom, ATOM), phi: enclosedPhi(top, bottom)[0] << (SUM - FINE) };
    });
  }

  /** For each set A: p_X(A) / p_Y(y), enclosed in multiples of 2^-ATOM. */
  #ratiosOf(letter) {
    return this.#cached(`ratio ${letter}`, (set) => {
      const { x, y, subsetMasses } = this.problem;
      return fixed(subsetMasses[set] * y.denominator, x.denominator * y.numerators[letter], ATOM);
    });
  }

  #cached(key, make) {
    if (!this.atoms.has(key)) {
      this.atoms.set(key, Array.from({ length: 1 << this.problem.n }, (_, set) => make(set)));
    }
    return this.atoms.get(key);
  }
}

/** phi(p) - slope p from below, in multiples of 2^-FINE. */
function lineAt(p, slope) {
  return gridPhi(p)[0] - ((slope * p) << (FINE - 2n * GRID));
}

function addToAll(tables, row) {
  for (const table of tables) row.forEach((value, set) => (table[set] += value));
}

/** The least sum of G_y(f^-1(y)) over all mappings: D_j(A) is the least over B in A of D_{j-1}(A - B) + G_j(B). */
function leastOverMappings(tables) {
  const full = tables[0].length - 1;
  let best = tables[0];
  for (let j = 1; j < tables.length; j += 1) {
    const table = tables[j];
    const next = new Array(full + 1);
    // Only the whole alphabet is asked of the last.
    for (let set = j === tables.length - 1 ? full : 0; set <= full; set += 1) {
      let value = best[set] + table[0];
      for (let part = set; part > 0; part = (part - 1) & set) {
        value = least(value, best[set ^ part] + table[part]);
      }
      next[set] = value;
    }
    best = next;
  }
  return best[full];
}
