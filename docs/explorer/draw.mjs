/**
 * Pictures of a problem of two bits as SVG texts: the curve over the rate, the polygon, coupling and mixture.
 *
 * Every text in them is made here from numbers and fixed words; colours come from the page's style, by class.
 */

import { comonotone, coupling, entropy, labelMass, polygon, solve } from "./binary.mjs";

const POINTS = 160;
const NAMES = { identity: "identity", flip: "flip", zero: "always 0", one: "always 1" };

/** Few digits, without a minus of zero. */
export const figure = (value, digits = 3) => {
  const text = value.toFixed(digits);
  return Number(text) === 0 ? (0).toFixed(digits) : text;
};

const path = (points) => points.map(([x, y], k) => `${k ? "L" : "M"}${figure(x, 2)} ${figure(y, 2)}`).join("");

/** Scales of a panel: from [low, high] of each axis to its pixels. */
function frame(width, height, x, y) {
  const box = { left: 46, right: width - 12, top: 14, bottom: height - 40 };
  const at = ([low, high], from, to) => (value) => from + ((value - low) / (high - low)) * (to - from);
  return { ...box, width, height, x: at(x, box.left, box.right), y: at(y, box.bottom, box.top), ranges: { x, y } };
}

const label = (x, y, text, kind = "", anchor = "middle") =>
  `<text x="${figure(x, 1)}" y="${figure(y, 1)}" class="${kind}" text-anchor="${anchor}">${text}</text>`;

function steps([low, high], count) {
  const wide = (high - low) / count;
  const power = 10 ** Math.floor(Math.log10(wide));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= wide * 0.999);
  const first = Math.ceil(low / step - 1e-9);
  return Array.from({ length: Math.floor(high / step + 1e-9) - first + 1 }, (_, k) => (first + k) * step);
}

function axes(f, xName, yName) {
  const parts = [];
  for (const value of steps(f.ranges.x, 5)) {
    const x = f.x(value);
    parts.push(`<path class="grid" d="M${figure(x, 1)} ${f.top}V${f.bottom}"/>`);
    parts.push(label(x, f.bottom + 15, figure(value, 1), "tick"));
  }
  for (const value of steps(f.ranges.y, 5)) {
    const y = f.y(value);
    parts.push(`<path class="grid" d="M${f.left} ${figure(y, 1)}H${f.right}"/>`);
    parts.push(label(f.left - 6, y + 4, figure(value, f.ranges.y[1] < 0.4 ? 2 : 1), "tick", "end"));
  }
  parts.push(`<path class="axis" d="M${f.left} ${f.top}V${f.bottom}H${f.right}"/>`);
  parts.push(label((f.left + f.right) / 2, f.height - 7, xName, "name"));
  const middle = (f.top + f.bottom) / 2;
  parts.push(`<g transform="rotate(-90 12 ${middle})">${label(12, middle, yName, "name")}</g>`);
  return parts.join("");
}

const svg = (f, title, body) =>
  `<svg viewBox="0 0 ${f.width} ${f.height}" role="img" aria-label="${title}">${body}</svg>`;

/** I(X;Y) against one limit: the optimum, both ends, the point; shaded where no coupling meets C. */
function sweep({ problem, best, name, last, at, here, title }) {
  const limits = Array.from({ length: POINTS + 1 }, (_, k) => (last * k) / POINTS);
  const found = limits.map((limit) => solve(at(limit)));
  const highest = Math.max(0.02, ...found.map((point) => (point.feasible ? point.value : 0)));
  const f = frame(420, 270, [0, last], [0, highest * 1.08]);
  const line = (kind, value) => {
    const points = limits.flatMap((limit, k) =>
      found[k].feasible ? [[f.x(limit), f.y(value(found[k], limit))]] : [],
    );
    return points.length > 1 ? `<path class="${kind}" d="${path(points)}"/>` : "";
  };
  const first = found.findIndex((point) => point.feasible);
  const edge = first < 0 ? f.right : f.x(limits[first]);
  const shade = `<rect class="infeasible" x="${f.left}" y="${f.top}" height="${f.bottom - f.top}"
    width="${figure(edge - f.left, 1)}"/>`;
  const place = `cx="${figure(f.x(Math.min(here, last)), 1)}" cy="${figure(f.y(best.value), 1)}"`;
  const body = [
    first === 0 ? "" : shade,
    axes(f, name, "I(X;Y), bits"),
    line("end comonotone", (point) => point.ends[0].value),
    line("end antitone", (point) => point.ends[1].value),
    problem.label ? "" : line("printed", (_, rate) => comonotone(problem.a, problem.b, rate)),
    line("optimum", (point) => point.value),
    best.feasible ? `<circle class="point" ${place} r="5.5"/>` : "",
  ];
  return svg(f, title, body.join(""));
}

/** I(X;Y) against R. */
export const curve = (problem, best) =>
  sweep({
    problem,
    best,
    name: "rate R, bits",
    last: Math.max(entropy(problem.a), 0.05),
    at: (rate) => ({ ...problem, rate }),
    here: problem.rate,
    title: "I(X;Y) against the rate, with the point of this problem",
  });

/** I(X;Y) against C; nothing without a label. */
export function tradeoff(problem, best) {
  const { a, label } = problem;
  if (!label) return "";
  return sweep({
    problem,
    best,
    name: "label limit C, bits",
    last: Math.max(entropy(labelMass(a, label.crossover)), 0.05),
    at: (limit) => ({ ...problem, label: { ...label, limit } }),
    here: label.limit,
    title: "I(X;Y) against the limit on the label's entropy",
  });
}

/** The polygon of feasible (delta, t) with both of its ends. */
export function region(problem, best) {
  const f = frame(420, 270, [-1, 1], [0, 1]);
  const corners = polygon(problem).map(([delta, t]) => [f.x(delta), f.y(t)]);
  const area = corners.length > 2 ? `<path class="region" d="${path(corners)}Z"/>` : "";
  const cone = `<path class="cone" d="${path([[f.x(-1), f.y(1)], [f.x(0), f.y(0)], [f.x(1), f.y(1)]])}"/>`;
  const mark = (end, kind) =>
    `<circle class="${kind}" cx="${figure(f.x(end.delta), 1)}" cy="${figure(f.y(end.share), 1)}" r="4.5"/>`;
  const ends = best.feasible
    ? mark(best.ends[0], "mark comonotone") + mark(best.ends[1], "mark antitone") + mark(best, "point")
    : "";
  const body = axes(f, "delta = identity - flip", "t = identity + flip") + cone + area + ends;
  return svg(f, "The polygon of feasible delta and t, with both ends", body);
}

/** P(x, y) as four tiles, each as dark as its mass. */
export function tiles(problem, best) {
  const f = { width: 260, height: 200 };
  if (!best.feasible) return svg(f, "No coupling", label(130, 100, "no coupling", "name"));
  const parts = [];
  coupling(problem.a, best.weights).forEach((row, x) => {
    parts.push(label(30, 82 + 80 * x, `x = ${x}`, "name"));
    row.forEach((mass, y) => {
      if (x === 0) parts.push(label(110 + 92 * y, 22, `y = ${y}`, "name"));
      const [left, top] = [68 + 92 * y, 38 + 80 * x];
      parts.push(`<rect class="tile" x="${left}" y="${top}" width="84" height="74" rx="6"
        style="--mass:${figure(mass, 4)}"/>`);
      parts.push(label(left + 42, top + 42, figure(mass, 4), mass > 0.45 ? "inside deep" : "inside"));
    });
  });
  return svg(f, "The coupling P(x, y)", parts.join(""));
}

/** The four weights as bars. */
export function bars(problem, best) {
  const f = { width: 300, height: 200 };
  if (!best.feasible) return svg(f, "No mixture", label(150, 100, "no mixture", "name"));
  const parts = Object.entries(NAMES).map(([key, name], row) => {
    const top = 22 + 44 * row;
    const weight = best.weights[key];
    return (
      label(80, top + 19, name, "name", "end") +
      `<rect class="track" x="90" y="${top}" width="140" height="28" rx="5"/>` +
      `<rect class="bar ${key}" x="90" y="${top}" width="${figure(140 * weight, 2)}" height="28" rx="5"/>` +
      label(238, top + 19, figure(weight, 4), "tick", "start")
    );
  });
  return svg(f, "The weights of the four mappings", parts.join(""));
}
