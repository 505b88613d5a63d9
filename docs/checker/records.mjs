/**
 * What a record proves: weak duality with Jensen's inequality, over all m^n mappings, rounded down throughout.
 */

import {
  aboveTangent, ceilingDivide, enclosedChord, enclosedDerivative, enclosedPhi, fixed, FINE, floorDivide, GRID, gridPhi, least,
  leastRational, ONE, Refused, SUM,
} from "./numbers.mjs";
import { subsetSums } from "./problem.mjs";

/** Products of two grid numbers, lifted to multiples of 2^-SUM. */
const LIFT = SUM - 2n * GRID;
const ATOM = 256n;
/** Laws of Y whose atoms are kept. */
const TABLES = 256;

/** Check what the format says of a record by itself; what version 1 does not have is added. */
export function checkRecord(record, problem, pairs, index, version) {
  if (version === 1) {
    Object.assign(record, { given_y: 0n, privacy: 0n, constraints: [], channel: [], laws: [], columns: [] });
  }
  const place = (key) => `records[${index}].${key}`;
  const refuse = (key, reason) => {
    throw new Refused(place(key), reason);
  };
  const { n, m } = problem;
  const touching = record.kind === "bound" && problem.distortion === null ? n * m : 0;
  const box = version === 2 && record.lower.length === 0 && record.upper.length === 0 ? 0 : n * m;
  const lengths = {
    lower: box, upper: box, cells: n * m, marginals: m, order: pairs.length, from: touching, to: touching,
    theta: touching, constraints: problem.constraints.length,
    channel: problem.privacy === null ? 0 : problem.labels * m, laws: problem.held ? 0 : m,
    columns: problem.held || touching === 0 ? 0 : m,
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
  for (const key of ["theta", "columns"]) {
    record[key].forEach((share, i) => {
      if (share < 0n || share > ONE) refuse(`${key}[${i}]`, "it must lie in [0, 1]");
    });
  }
  const checkMultiplier = (key, multiplier, lower, upper) => {
    if (multiplier > 0n && lower === null) refuse(key, "a positive multiplier needs a limit from below");
    if (multiplier < 0n && upper === null) refuse(key, "a negative multiplier needs a limit from above");
  };
  checkMultiplier("rate", record.rate, null, problem.rate);
  checkMultiplier("label", record.label, null, problem.seenLimit);
  checkMultiplier("given_y", record.given_y, null, problem.givenYLimit);
  checkMultiplier("privacy", record.privacy, problem.privacy, null);
  problem.constraints.forEach(({ lower, upper }, i) => {
    checkMultiplier(`constraints[${i}]`, record.constraints[i], lower, upper);
  });
  for (const key of ["channel", "laws"]) {
    record[key].forEach((share, i) => {
      if (share <= 0n || share > ONE) refuse(`${key}[${i}]`, "it must be positive and at most 1");
    });
  }
  for (let letter = 0; letter < m && record.channel.length > 0; letter += 1) {
    const sum = record.channel.reduce((total, share, i) => (i % m === letter ? total + share : total), 0n);
    if (sum > ONE) refuse("channel", `its entries for Y-letter ${letter} sum to more than 1`);
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

  /** The record's lower bound of the objective, or the sum of a farkas record, in multiples of 2^-SUM. */
  value(index) {
    this.values[index] ??= this.#evaluate(this.records[index]);
    return this.values[index];
  }

  #evaluate(record) {
    const { n, m, x, rate, seenLimit, givenYLimit, privacy, distortion } = this.problem;
    const bound = record.kind === "bound";
    let total = this.#leastOverLaws(record.marginals);
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
      if (distortion !== null) {
        coefficients[cell] += floorDivide(distortion.numerators[cell] << (2n * GRID), distortion.denominator);
        return;
      }
      const [slope, intercept] = secant(low, high);
      const share = (ONE - record.theta[cell]) * restOf(record, cell % m);
      total += (share * intercept) >> GRID;
      coefficients[cell] += (share * slope) >> GRID;
    });
    const addLimit = (z, limit) => {
      if (z !== 0n) total += floorDivide((z * limit.top) << (SUM - GRID), limit.bottom);
    };
    addLimit(record.rate, rate);
    addLimit(record.label, seenLimit);
    addLimit(record.given_y, givenYLimit);
    addLimit(record.privacy, privacy);
    this.problem.constraints.forEach(({ numerators, denominator, lower, upper }, i) => {
      const z = record.constraints[i];
      if (z === 0n) return;
      addLimit(z, z > 0n ? lower : upper);
      numerators.forEach((top, cell) => {
        coefficients[cell] += floorDivide((-z * top) << GRID, denominator);
      });
    });
    total += this.#labelLines(record, coefficients) + this.#lawLines(record, coefficients);

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
    if (bound && distortion === null) total += this.#addJensen(tables, record, n, m);
    record.columns.forEach((share, letter) => {
      // H(X, Y=y) - phi(P(y)) is concave and homogeneous: at least its mean over the mappings.
      const { phiApart, phiOfMass } = this.problem;
      phiApart.forEach((apart, set) => (tables[letter][set] += share * (apart - phiOfMass[set][1])));
    });
    return total + leastOverMappings(tables);
  }

  /** The least sum of z_y P(y) over the laws of Y: mass goes from the greatest multipliers to the least. */
  #leastOverLaws(multipliers) {
    const { y, tolerance } = this.problem;
    const unit = y.denominator * tolerance.bottom;
    const bottom = multipliers.reduce(least);
    const letters = multipliers.map((z, letter) => ({ z, mass: y.numerators[letter] * tolerance.bottom }));
    let value = letters.reduce((sum, { z, mass }) => sum + z * mass, 0n);
    let room = tolerance.top * y.denominator;
    letters.sort((one, other) => Number(one.z < other.z) - Number(one.z > other.z));
    for (const { z, mass } of letters) {
      const part = least(room, mass);
      value -= part * (z - bottom);
      room -= part;
    }
    return floorDivide(value << (SUM - GRID), unit);
  }

  /** The secants below H(S,Y), the cross entropies above H(S|Y): coefficients are added, the constant is returned. */
  #labelLines(record, coefficients) {
    const { n, m, labels, channel } = this.problem;
    let constant = 0n;
    if (record.given_y === 0n && record.privacy === 0n) return constant;
    for (let letter = 0; letter < m; letter += 1) {
      const intervals = record.given_y === 0n ? [] : this.problem.labelIntervals(record.lower, record.upper, letter);
      for (let s = 0; s < labels; s += 1) {
        let slope = 0n;
        if (record.given_y !== 0n) {
          const [line, intercept] = secant(...intervals[s]);
          constant -= record.given_y * intercept;
          slope -= record.given_y * line;
        }
        if (record.privacy !== 0n) {
          // -log2 r is phi(r) / r.
          const share = record.channel[s * m + letter];
          slope -= record.privacy * ceilingDivide(gridPhi(share)[1], share << (FINE - 2n * GRID));
        }
        for (let i = 0; i < n; i += 1) {
          coefficients[i * m + letter] += floorDivide(slope * channel.numerators[i * labels + s], channel.denominator);
        }
      }
    }
    return constant;
  }

  /**
   * -H(Y) in the objective and in H(S|Y): tangents of -phi where the law of Y is not held, else a constant, which the
   * objective has on its other side.
   */
  #lawLines(record, coefficients) {
    const { m, held, entropyY } = this.problem;
    if (held) return record.given_y * entropyY[1];
    let constant = 0n;
    record.laws.forEach((point, letter) => {
      const share = (record.columns.length > 0 ? restOf(record, letter) : 0n) - record.given_y;
      // -phi(q) >= -phi'(r) q - r / ln 2; a smaller slope serves as well.
      constant -= share * aboveTangent(point);
      const slope = enclosedDerivative(point)[1];
      for (let cell = letter; cell < coefficients.length; cell += m) coefficients[cell] -= share * slope;
    });
    return constant;
  }

  /** What the mass of a letter does not exceed in a record's box. */
  #cap(record, letter) {
    const { m, held, lawEnds } = this.problem;
    if (held) return lawEnds[letter][1];
    const room = record.upper.reduce((sum, high, cell) => (cell % m === letter ? sum + high : sum), 0n);
    return leastRational(lawEnds[letter][1], { top: room, bottom: ONE });
  }

  /** Add p_X(A) / d * sum_x theta g(v(A)) to each G_y(A), A not empty; a constant for negative g(0) is returned. */
  #addJensen(tables, record, n, m) {
    const sets = 1 << n;
    let constant = 0n;
    for (let letter = 0; letter < m; letter += 1) {
      const cap = this.#cap(record, letter);
      if (cap.top === 0n) continue;
      const sums = new Array(sets).fill(0n);
      let any = false;
      for (let i = 0; i < n; i += 1) {
        const cell = i * m + letter;
        const share = record.theta[cell] * restOf(record, letter);
        if (share === 0n) continue;
        any = true;
        const touching = new Touching(record.lower[cell], record.upper[cell], record.from[cell], record.to[cell]);
        const atoms = this.#atomsOf(i, letter, cap);
        const absent = touching.at([0n, 0n], 0n);
        if (!this.problem.held && absent < 0n) constant += (share * absent) >> (2n * GRID);
        for (let set = 1; set < sets; set += 1) {
          const inside = (set >> i) & 1;
          sums[set] += share * (inside ? touching.at(atoms[set].ends, atoms[set].phi) : absent);
        }
      }
      if (!any) continue;
      const ratios = this.#ratiosOf(letter, cap);
      for (let set = 1; set < sets; set += 1) {
        const sum = sums[set];
        tables[letter][set] += (sum * ratios[set][sum < 0n ? 1 : 0]) >> (ATOM + 2n * GRID);
      }
    }
    return constant;
  }

  /** For each set A with x: d p_X(x) / p_X(A), enclosed, and phi of it from below. */
  #atomsOf(i, letter, cap) {
    return this.#cached(`atom ${i} ${letter} ${cap.top}/${cap.bottom}`, (set) => {
      if (((set >> i) & 1) === 0) return null;
      const { x, subsetMasses } = this.problem;
      const top = cap.top * x.numerators[i];
      const bottom = cap.bottom * subsetMasses[set];
      return { ends: fixed(top, bottom, ATOM), phi: enclosedPhi(top, bottom)[0] << (SUM - FINE) };
    });
  }

  /** For each set A: p_X(A) / d, enclosed in multiples of 2^-ATOM. */
  #ratiosOf(letter, cap) {
    return this.#cached(`ratio ${letter} ${cap.top}/${cap.bottom}`, (set) => {
      const { x, subsetMasses } = this.problem;
      return fixed(subsetMasses[set] * cap.bottom, x.denominator * cap.top, ATOM);
    });
  }

  #cached(key, make) {
    if (!this.atoms.has(key)) {
      if (this.atoms.size >= TABLES * this.problem.n) this.atoms.clear();
      this.atoms.set(key, Array.from({ length: 1 << this.problem.n }, (_, set) => make(set)));
    }
    return this.atoms.get(key);
  }
}

/** What a column's own Jensen row leaves of its bound, a grid number. */
const restOf = (record, letter) => (record.columns.length > 0 ? ONE - record.columns[letter] : ONE);

/** A line below phi on [low, high]: its slope, a grid number, and its constant, in multiples of 2^-FINE. */
function secant(low, high) {
  const slope = low === high ? 0n : enclosedChord(low, high)[0];
  return [slope, least(lineAt(low, slope), lineAt(high, slope))];
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
