/**
 * Exact integers, rationals and enclosed logarithms, in BigInt alone.
 *
 * Every decision of the checker is a comparison of integers made here.  Fixed point: an integer k stands for
 * k / 2^GRID (grid numbers of the file), k / 2^FINE (enclosures of phi) or k / 2^SUM (sums of products).
 */

export const GRID = 48n;
export const FINE = 160n;
export const SUM = FINE + GRID;
export const ONE = 1n << GRID;

/** A certificate that does not prove its claim: where it fails, and why. */
export class Refused extends Error {
  constructor(place, reason) {
    super(`${place}: ${reason}`);
    this.name = "Refused";
    this.place = place;
    this.reason = reason;
  }
}

export const least = (a, b) => (a < b ? a : b);
export const greatest = (a, b) => (a > b ? a : b);

/** The greatest integer at most a/b, for b > 0. */
export function floorDivide(a, b) {
  const quotient = a / b;
  return a < 0n && quotient * b !== a ? quotient - 1n : quotient;
}

/** The least integer at least a/b, for b > 0. */
export function ceilingDivide(a, b) {
  return -floorDivide(-a, b);
}

export function greatestCommonDivisor(a, b) {
  while (b !== 0n) [a, b] = [b, a % b];
  return a;
}

/** Compare a and b: negative, 0n or positive as a is less, equal or greater. */
export const compare = (a, b) => a.top * b.bottom - b.top * a.bottom;
export const sum = (a, b) => ({ top: a.top * b.bottom + b.top * a.bottom, bottom: a.bottom * b.bottom });
export const negative = (a) => ({ top: -a.top, bottom: a.bottom });
export const leastRational = (a, b) => (compare(a, b) < 0n ? a : b);
export const greatestRational = (a, b) => (compare(a, b) < 0n ? b : a);

/** The least common denominator D of rationals, and their numerators over it. */
export function overCommonDenominator(rationals) {
  let denominator = 1n;
  for (const { bottom } of rationals) {
    denominator *= bottom / greatestCommonDivisor(denominator, bottom);
  }
  return { denominator, numerators: rationals.map(({ top, bottom }) => top * (denominator / bottom)) };
}

/** A rational in lowest terms from "a" or "a/b", or null where the text is none. */
export function parseRational(text) {
  const match = /^(-?)([0-9]+)(?:\/([0-9]+))?$/.exec(text);
  if (match === null) return null;
  const top = BigInt(match[2]);
  const bottom = match[3] === undefined ? 1n : BigInt(match[3]);
  if (bottom === 0n) return null;
  const common = greatestCommonDivisor(bottom, top);
  return { top: (match[1] === "-" ? -top : top) / common, bottom: bottom / common };
}

/** A grid number as an integer, or null where the text is none. */
export function parseGrid(text) {
  const match = /^(-?)([0-9a-f]+)$/.exec(text);
  if (match === null) return null;
  const size = BigInt(`0x${match[2]}`);
  return match[1] === "-" ? -size : size;
}

/** top/bottom as multiples of 2^-bits, rounded down and up. */
export function fixed(top, bottom, bits) {
  const scaled = top << bits;
  const low = floorDivide(scaled, bottom);
  return [low, low * bottom === scaled ? low : low + 1n];
}

/* Logarithms.  Working numbers are multiples of 2^-WORK; ERROR bounds every error below, in that unit. */
const WORK = 192n;
const UNIT = 1n << WORK;
const ERROR = 1024n;

/**
 * 2 artanh(top/bottom) for |top/bottom| <= 1/3.  Each of the `terms` terms is off by less than 3 units and what
 * is cut off is below 1: the error is less than 6 * terms + 2 units.
 */
function twiceArtanh(top, bottom, terms) {
  const t = (top << WORK) / bottom;
  const square = (t * t) >> WORK;
  let power = t;
  let sum = t;
  for (let i = 1; i < terms; i += 1) {
    power = (power * square) / UNIT;
    sum += power / BigInt(2 * i + 1);
  }
  return 2n * sum;
}

/** ln 2 and the logarithms of 128 mid-points of [1, 2); (1/3)^(2 * 64) < 2^-202, so the error is below 400. */
const SLOW_TERMS = 64;
const LOGARITHM_OF_TWO = twiceArtanh(1n, 3n, SLOW_TERMS);
const midpoints = new Array(128).fill(null);

function midpointLogarithm(index) {
  // c = (257 + 2 index) / 256, and ln c = 2 artanh((c - 1) / (c + 1)).
  midpoints[index] ??= twiceArtanh(BigInt(1 + 2 * index), BigInt(513 + 2 * index), SLOW_TERMS);
  return midpoints[index];
}

function bitLength(a) {
  const text = a.toString(16);
  return 4 * text.length - Math.clz32(parseInt(text[0], 16)) + 28;
}

/** An enclosure of log2(top/bottom) for top >= bottom > 0, in units of 2^-WORK; exact for powers of two. */
export function enclosedLogarithm(top, bottom) {
  let exponent = BigInt(bitLength(top) - bitLength(bottom));
  if (top < bottom << exponent) exponent -= 1n;
  const scaled = top << WORK;
  const divisor = bottom << exponent;
  const y = scaled / divisor;
  const whole = exponent << WORK;
  if (y === UNIT && scaled === divisor << WORK) return [whole, whole];
  const index = Number((y >> (WORK - 7n)) & 127n);
  const midpoint = BigInt(257 + 2 * index) << (WORK - 8n);
  // |y - c| / (y + c) <= 2^-9: eleven terms leave less than 2^-198; rounding y down costs one unit more.
  const logarithm = twiceArtanh(y - midpoint, y + midpoint, 11) + midpointLogarithm(index);
  const low = ((logarithm - ERROR) << WORK) / (LOGARITHM_OF_TWO + ERROR);
  const high = ((logarithm + ERROR) << WORK) / (LOGARITHM_OF_TWO - ERROR) + 1n;
  return [whole + greatest(low - 1n, 0n), whole + high];
}

/** An enclosure of phi(top/bottom) = -p log2 p for 0 <= p <= 1, in multiples of 2^-FINE. */
export function enclosedPhi(top, bottom) {
  if (top === 0n || top === bottom) return [0n, 0n];
  const [low, high] = enclosedLogarithm(bottom, top);
  const divisor = bottom << (WORK - FINE);
  return [(top * low) / divisor, ceilingDivide(top * high, divisor)];
}

/** 1 / ln 2, enclosed. */
const INVERSE_LOW = (UNIT * UNIT) / (LOGARITHM_OF_TWO + ERROR);
const INVERSE_HIGH = (UNIT * UNIT) / (LOGARITHM_OF_TWO - ERROR) + 1n;

/** An enclosure of phi'(p) = log2(1/p) - 1/ln 2 at a grid number 0 < p <= 1, rounded to grid numbers. */
export function enclosedDerivative(p) {
  const [low, high] = enclosedLogarithm(ONE, p);
  const shift = WORK - GRID;
  return [(low - INVERSE_HIGH) >> shift, -((INVERSE_LOW - high) >> shift)];
}

/** p / ln 2 = phi(p) - p phi'(p) at a grid number p >= 0, from above, in multiples of 2^-FINE. */
export const aboveTangent = (p) => -((-p * INVERSE_HIGH) >> (GRID + WORK - FINE));

const remembered = new Map();

/** An enclosure of phi at a grid number of [0, 1]. */
export function gridPhi(p) {
  let value = remembered.get(p);
  if (value === undefined) {
    if (remembered.size > 100000) remembered.clear();
    value = enclosedPhi(p, ONE);
    remembered.set(p, value);
  }
  return value;
}

/** The slope of the chord of phi between grid numbers a < b, rounded down and up to grid numbers. */
export function enclosedChord(a, b) {
  const [lowA, highA] = gridPhi(a);
  const [lowB, highB] = gridPhi(b);
  const divisor = (b - a) << (FINE - 2n * GRID);
  return [floorDivide(lowB - highA, divisor), ceilingDivide(highB - lowA, divisor)];
}
