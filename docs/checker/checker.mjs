/**
 * Check a certificate of the format in docs/reference/certificate_format.md, from the page alone.
 *
 * Nothing in the file is trusted.  `verify` is a generator so that a page can show progress between its steps.
 */

import { Refused } from "./numbers.mjs";
import { Problem } from "./problem.mjs";
import { read } from "./reading.mjs";
import { checkRecord, Records } from "./records.mjs";
import { Tree } from "./tree.mjs";

/**
 * Verify the bytes of a file; yields { done, nodes }, returns the verdict
 * { infeasible, lower, upper, quantity, letters, records, nodes } or throws Refused.
 */
export function* verify(bytes) {
  const document = read(bytes);
  const { claim, witness } = document;
  const infeasible = claim.kind === "infeasible";
  const problem = new Problem(document.problem);
  const pairs = problem.orderPairs(document.order);
  document.records.forEach((record, index) => checkRecord(record, problem, pairs, index, document.version));
  let target = null;
  if (infeasible) {
    if (witness !== null) throw new Refused("witness", "it must be null for a claim of infeasibility");
  } else {
    if (claim.lower.top * claim.upper.bottom > claim.upper.top * claim.lower.bottom) {
      throw new Refused("claim", "its lower end is above its upper end");
    }
    if (witness === null) throw new Refused("witness", "a claim of a value needs one");
    problem.checkWitness(witness, claim);
    target = problem.target(claim);
  }
  const nodes = document.tree.count;
  const records = new Records(problem, pairs, document.records);
  for (const done of new Tree(problem, pairs, records, document.tree, target).walk()) yield { done, nodes };
  return {
    infeasible,
    lower: infeasible ? null : claim.lower,
    upper: infeasible ? null : claim.upper,
    quantity: problem.distortion === null ? "I(X;Y)" : "E d(X,Y)",
    letters: [problem.n, problem.m],
    records: document.records.length,
    nodes,
  };
}

/** The verdict on a file's bytes as plain data, never an exception for what a file holds. */
export function check(bytes) {
  try {
    const steps = verify(bytes);
    let step = steps.next();
    while (!step.done) step = steps.next();
    return { accepted: true, ...step.value };
  } catch (error) {
    return refusal(error);
  }
}

/** A refusal as plain data; anything else is a fault of the checker and goes on. */
export function refusal(error) {
  if (error instanceof Refused) return { accepted: false, place: error.place, reason: error.reason };
  // The engine's own limits: an integer or an array that is too large for it.
  if (error instanceof RangeError) return { accepted: false, place: "the file", reason: `too large: ${error.message}` };
  throw error;
}

/** A rational as "a" or "a/b". */
export const rationalText = ({ top, bottom }) => (bottom === 1n ? `${top}` : `${top}/${bottom}`);

/** A rational with the given decimals, rounded down or up, from integers alone. */
export function decimals({ top, bottom }, places, up) {
  const scaled = (up ? -top : top) * 10n ** BigInt(places);
  const quotient = scaled / bottom;
  const floor = scaled < 0n && quotient * bottom !== scaled ? quotient - 1n : quotient;
  const value = up ? -floor : floor;
  const digits = `${value < 0n ? -value : value}`.padStart(places + 1, "0");
  return `${value < 0n ? "-" : ""}${digits.slice(0, -places)}.${digits.slice(-places)}`;
}
