/**
 * Two bits in closed form: X ~ Bern(a), Y ~ Bern(b), a rate R and a label S = X xor N with H(S|Y,U) <= C.
 *
 * The polygon of theory, section 3: delta = p1 - p2 and t = p1 + p2 for the weights of identity, flip, zero and
 * one, and I(X;Y) grows with |delta| on either side of 0, so that only its two ends matter.  No dependencies; a
 * test holds it against mecbopt.bernoulli.
 */

/** What rounding may leave of a limit, as a share of its scale. */
const SLACK = 1e-10;
/** Two ends whose values differ by less than this share are a tie. */
const TIE = 1e-13;
/** A limit with less left than this share of it is active. */
const ACTIVE = 1e-12;
const LABEL_ROUNDING = 8 * Number.EPSILON;
/** Below this ratio the logarithm's series loses less than its difference. */
const SERIES_RADIUS = 0.01;
const HUGE = 1e15;

const clip = (value, low, high) => Math.min(Math.max(value, low), high);

/** h(p), bits. */
export function entropy(p) {
  if (p <= 0 || p >= 1) return 0;
  return -(p * Math.log(p) + (1 - p) * Math.log1p(-p)) / Math.LN2;
}

/** (m + u) ln(1 + u/m) - u >= 0 for m > 0 and u >= -m, without cancellation. */
function gain(mass, wanted) {
  const change = Math.max(wanted, -mass);
  const after = mass + change;
  if (after <= 0) return -change;
  if (change > HUGE * mass) return after * (Math.log(after) - Math.log(mass)) - change;
  const ratio = change / mass;
  if (Math.abs(ratio) >= SERIES_RADIUS) return after * Math.log1p(ratio) - change;
  let factor = 0;
  for (let k = 8; k >= 2; k -= 1) factor = factor * ratio + (k % 2 ? -1 : 1) / (k * (k - 1));
  return factor * ratio * change;
}

/** I(X;Y) in bits at a delta; the mean of two divergences, so that small values keep their digits. */
export function information(a, b, delta) {
  const below = -a * delta;
  const above = (1 - a) * delta;
  const rest = 1 - b;
  const nats = (1 - a) * (gain(b, below) + gain(rest, -below)) + a * (gain(b, above) + gain(rest, -above));
  return nats / Math.LN2;
}

/** P(S=1). */
export const labelMass = (a, crossover) => a * (1 - crossover) + (1 - a) * crossover;

/** h(s) - C, by the distances from one bit where both are near it. */
function excess(s, limit) {
  const cut = Math.min(limit, 2);
  if (cut < 0.5) return entropy(s) - cut;
  return 1 - cut - (gain(0.5, s - 0.5) + gain(0.5, 0.5 - s)) / Math.LN2;
}

/** The least t that meets H(S|Y,U) <= C, before its cut at 0, and what rounding may move it by; 0 < a <= 1/2. */
function leastShare(a, noise, limit) {
  const s = labelMass(a, noise);
  const told = s > 0 ? information(a, s, 1 - 2 * noise) : 0;
  const scale = SLACK * entropy(s);
  const over = excess(s, limit);
  if (told > 0) return { share: over / told, slack: scale / told };
  return { share: over > scale ? Infinity : -Infinity, slack: 0 };
}

/** min(part / whole, 1). */
const quotient = (part, whole) => Math.min(part, whole) / whole;

/** t_top = min(R/h(a), 1, b/a, (1-b)/a) for 0 < a <= 1/2. */
export const largestShare = (a, b, rate) =>
  Math.min(quotient(rate, entropy(a)), quotient(b, a), quotient(1 - b, a));

/** Largest delta and its t over low <= t <= top; the smallest one is minus that for rest = b in place of 1 - b. */
function upperEnd(a, rest, low, top) {
  const crossing = rest / (1 - a);
  if (low > crossing) {
    const slope = 1 - 2 * a;
    const beyond = slope > 0 ? (2 * rest - low) / slope : low;
    return { delta: clip(beyond, -low, low), share: low };
  }
  const straight = Math.min(top, crossing);
  return { delta: straight, share: straight };
}

/** The weights of identity, flip, zero and one at a point; what is 0 up to rounding becomes 0. */
export function weightsAt(a, b, delta, share) {
  const one = b - ((share - delta) / 2 + a * delta);
  const zero = 1 - b - ((share + delta) / 2 - a * delta);
  const rounding = 8 * Number.EPSILON;
  return {
    identity: (share + delta) / 2,
    flip: (share - delta) / 2,
    zero: zero <= rounding * (1 - b) ? 0 : zero,
    one: one <= rounding * b ? 0 : one,
  };
}

const constant = (p) => p <= 0 || p >= 1;

/** Names of the active constraints, joined by "+". */
function activeNames({ a, b, rate, label }, share, weights) {
  if (constant(a) || constant(b)) return "marginal";
  const names = [];
  const spent = share * entropy(a);
  if (Math.abs(rate - spent) <= ACTIVE * spent) names.push("rate");
  if (weights.one <= ACTIVE * b || weights.zero <= ACTIVE * (1 - b)) names.push("marginal");
  if (label) {
    const least = leastShare(Math.min(a, 1 - a), Math.min(label.crossover, 1 - label.crossover), label.limit).share;
    if (Math.abs(least - share) <= Math.max(ACTIVE * share, LABEL_ROUNDING)) names.push("label");
  }
  return names.join("+");
}

/** The smallest C at this rate, and the smallest R for this C (null where none is). */
export function attainable({ a, b, rate, label }) {
  const noise = Math.min(label.crossover, 1 - label.crossover);
  const plain = entropy(labelMass(a, noise));
  if (constant(a) || constant(b)) return { limit: plain, rate: plain <= label.limit ? 0 : null };
  const folded = Math.min(a, 1 - a);
  const top = largestShare(folded, b, rate);
  const most = largestShare(folded, b, Infinity);
  const least = leastShare(folded, noise, label.limit);
  const needed = least.share <= most + least.slack ? clip(least.share, 0, most) * entropy(a) : null;
  return { limit: (1 - top) * plain + top * entropy(noise), rate: needed };
}

/**
 * The optimum.
 *
 * problem: { a, b, rate, label: null or { crossover, limit } }, a and b in [0, 1], rate and limit at least 0.
 * Gives { feasible, value, delta, share, weights, end, branch, ends }; `ends` are both ends of the interval of
 * delta for the X that was given, comonotone first, each with its own value.
 */
export function solve(problem) {
  const { a, b, rate, label } = problem;
  if (constant(a) || constant(b)) {
    const plain = label ? labelMass(a, Math.min(label.crossover, 1 - label.crossover)) : 0;
    const feasible = !label || excess(plain, label.limit) <= SLACK * entropy(plain);
    const weights = weightsAt(a, b, 0, 0);
    const point = { delta: 0, share: 0, value: 0, weights };
    return { feasible, ...point, end: "tie", branch: "marginal", ends: [point, point] };
  }
  const turned = a > 0.5;
  const folded = turned ? 1 - a : a;
  const top = largestShare(folded, b, rate);
  let low = 0;
  let feasible = true;
  if (label) {
    const least = leastShare(folded, Math.min(label.crossover, 1 - label.crossover), label.limit);
    feasible = least.share <= top + least.slack;
    low = clip(least.share, 0, top);
  }
  const up = upperEnd(folded, 1 - b, low, top);
  const mirror = upperEnd(folded, b, low, top);
  const down = { delta: -mirror.delta, share: mirror.share };
  for (const end of [up, down]) end.value = information(folded, b, end.delta);
  const close = Math.abs(up.value - down.value) <= TIE * Math.max(up.value, down.value);
  // Ends that mirror each other differ by less than rounding at small rates: the sign theorem decides.
  const side = (1 - 2 * folded) * (1 - 2 * b);
  const mirrored = up.delta === -down.delta;
  const tie = mirrored ? side === 0 || up.delta === 0 : close && up.delta * down.delta <= 0;
  const takeDown = tie ? turned : mirrored ? side > 0 : down.value > up.value && !close;
  const ends = (turned ? [down, up] : [up, down]).map((end) => {
    const delta = turned ? -end.delta : end.delta;
    return { ...end, delta, weights: weightsAt(a, b, delta, end.share) };
  });
  const best = ends[takeDown === turned ? 0 : 1];
  const end = tie ? "tie" : best.delta > 0 ? "comonotone" : "antitone";
  return { feasible, ...best, end, branch: activeNames(problem, best.share, best.weights), ends };
}

/** The comonotone branch (printed Theorem 2, reconstructed): the best coupling with delta >= 0, no label. */
export function comonotone(a, b, rate) {
  if (constant(a) || constant(b)) return 0;
  const delta = Math.min(quotient(rate, entropy(a)), quotient(b, a), quotient(1 - b, 1 - a));
  return information(a, b, delta);
}

/** R*, at which the better end changes; null where the ends tie at every rate. */
export function crossoverRate(a, b) {
  if ([0, 0.5, 1].includes(a) || [0, 0.5, 1].includes(b)) return null;
  const lead = (rate) => {
    const [up, down] = solve({ a, b, rate, label: null }).ends;
    return up.value - down.value;
  };
  let low = 0;
  let high = entropy(a);
  const last = Math.sign(lead(high));
  for (let step = 0; step < 200; step += 1) {
    const middle = (low + high) / 2;
    if (middle <= low || middle >= high) break;
    // Before R* the other end leads, or both are mirror images of each other within rounding.
    if (Math.sign(lead(middle)) === last) high = middle;
    else low = middle;
  }
  return high;
}

/** P(x, y), rows x. */
export function coupling(a, { identity, flip, zero, one }) {
  return [
    [(1 - a) * (identity + zero), (1 - a) * (flip + one)],
    [a * (flip + zero), a * (identity + one)],
  ];
}

/** Corners of the polygon of feasible (delta, t), in order; empty where nothing is feasible. */
export function polygon({ a, b, rate, label }) {
  if (constant(a) || constant(b)) return [];
  const top = Math.min(1, rate / entropy(a));
  const folded = Math.min(a, 1 - a);
  const low = label
    ? Math.max(0, leastShare(folded, Math.min(label.crossover, 1 - label.crossover), label.limit).share)
    : 0;
  const slope = 1 - 2 * a;
  // Half planes u delta + v t <= w.
  const sides = [
    [1, -1, 0],
    [-1, -1, 0],
    [0, 1, top],
    [0, -1, -low],
    [-slope, 1, 2 * b],
    [slope, 1, 2 * (1 - b)],
  ];
  let corners = [[-1, 0], [1, 0], [1, 1], [-1, 1]];
  for (const [u, v, w] of sides) {
    const left = ([delta, t]) => w - u * delta - v * t;
    const kept = [];
    corners.forEach((corner, k) => {
      const next = corners[(k + 1) % corners.length];
      const [here, there] = [left(corner), left(next)];
      if (here >= -1e-15) kept.push(corner);
      if (here * there < 0 && Math.min(Math.abs(here), Math.abs(there)) > 1e-15) {
        const share = here / (here - there);
        kept.push(corner.map((entry, axis) => entry + share * (next[axis] - entry)));
      }
    });
    corners = kept;
  }
  return corners;
}
