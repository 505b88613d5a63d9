/**
 * The face of the explorer: sliders in, figures and pictures out; the address keeps what was chosen.
 */

import { attainable, comonotone, crossoverRate, entropy, solve } from "./binary.mjs";
import { bars, curve, figure, region, tiles, tradeoff } from "./draw.mjs";

const SLIDERS = ["a", "b", "rate", "crossover", "limit"];
const element = (id) => document.getElementById(`explorer-${id}`);

/** What the sliders say. */
function chosen() {
  const [a, b, rate, crossover, limit] = SLIDERS.map((name) => Number(element(name).value));
  return { a, b, rate, label: element("label").checked ? { crossover, limit } : null };
}

/** Rounded upwards, so that what is offered serves as it is printed. */
const roundedUp = (value) => (Math.ceil(value * 1e6 - 1e-6) / 1e6).toFixed(6);

const SENTENCES = {
  comonotone: "X and Y are alike (delta > 0)",
  antitone: "X and Y are opposed (delta < 0)",
  tie: "alike and opposed are equally good",
};

/** Names and figures of the answer. */
function figures(problem, best) {
  if (!best.feasible) {
    const least = attainable(problem);
    const rate = least.rate === null ? "no rate makes this C attainable" : `at least ${roundedUp(least.rate)} bits`;
    return [
      ["I(X;Y)", "infeasible"],
      ["smallest C at this rate", `${roundedUp(least.limit)} bits`],
      ["rate for this C", rate],
    ];
  }
  const { a, b, rate, label } = problem;
  const spent = best.share * entropy(a);
  const rows = [
    ["I(X;Y)", `${figure(best.value, 6)} bits`],
    ["end", SENTENCES[best.end]],
    ["active", best.branch || "nothing"],
    ["rate H(Y|U)", `${figure(spent, 6)} of R = ${figure(rate)} bits`],
  ];
  if (label) {
    const s = a * (1 - label.crossover) + (1 - a) * label.crossover;
    const left = best.share * entropy(label.crossover) + (1 - best.share) * entropy(s);
    rows.push(["H(S|Y,U)", `${figure(left, 6)} of C = ${figure(label.limit)} bits`]);
    rows.push(["smallest C at this rate", `${roundedUp(attainable(problem).limit)} bits`]);
  } else {
    const change = crossoverRate(a, b);
    rows.push(["comonotone branch", `${figure(comonotone(a, b, rate), 6)} bits`]);
    rows.push(["crossover rate R*", change === null ? "none: the ends tie" : `${figure(change, 6)} bits`]);
  }
  return rows;
}

function show() {
  const problem = chosen();
  const best = solve(problem);
  for (const name of SLIDERS) element(`${name}-value`).textContent = figure(Number(element(name).value));
  for (const name of ["crossover", "limit"]) element(name).disabled = problem.label === null;
  const list = element("figures");
  list.replaceChildren(
    ...figures(problem, best).flatMap(([name, text]) => [
      Object.assign(document.createElement("dt"), { textContent: name }),
      Object.assign(document.createElement("dd"), { textContent: text }),
    ]),
  );
  list.classList.toggle("infeasible", !best.feasible);
  // Made of numbers and fixed words alone (draw.mjs).
  element("curve").innerHTML = curve(problem, best);
  element("tradeoff").innerHTML = tradeoff(problem, best);
  element("tradeoff-panel").hidden = problem.label === null;
  element("region").innerHTML = region(problem, best);
  element("coupling").innerHTML = tiles(problem, best);
  element("mixture").innerHTML = bars(problem, best);
}

/** The choice as the fragment of an address, and back; what is no number within its slider is passed over. */
function remember() {
  const parts = SLIDERS.map((name) => `${name}=${element(name).value}`);
  if (element("label").checked) parts.push("label");
  history.replaceState(null, "", `#${parts.join("&")}`);
}

function recall() {
  const parts = new URLSearchParams(location.hash.slice(1));
  for (const name of SLIDERS) {
    const value = Number(parts.get(name) ?? NaN);
    const slider = element(name);
    if (value >= Number(slider.min) && value <= Number(slider.max)) slider.value = String(value);
  }
  if (location.hash.length > 1) element("label").checked = parts.has("label");
}

export function start() {
  recall();
  for (const name of [...SLIDERS, "label"]) {
    element(name).addEventListener("input", show);
    element(name).addEventListener("change", remember);
  }
  element("examples").addEventListener("click", (event) => {
    const hash = event.target.dataset?.hash;
    if (!hash) return;
    history.replaceState(null, "", hash);
    recall();
    show();
  });
  addEventListener("hashchange", () => {
    recall();
    show();
  });
  show();
}

start();
