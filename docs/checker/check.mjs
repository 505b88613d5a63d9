/**
 * node docs/checker/check.mjs FILE...    prints what each certificate proves; the exit code is 0 only if all do
 * node docs/checker/check.mjs --batch    reads names from standard input, writes one JSON line for each
 */

import { readFileSync, statSync } from "node:fs";
import process from "node:process";
import { createInterface } from "node:readline";
import { check, decimals, rationalText } from "./checker.mjs";
import { FILE_BYTES } from "./reading.mjs";

function verdictOn(name) {
  const start = process.hrtime.bigint();
  let verdict;
  try {
    const status = statSync(name);
    if (!status.isFile()) verdict = { accepted: false, place: "the file", reason: "it is no regular file" };
    else if (status.size > FILE_BYTES) {
      verdict = { accepted: false, place: "the file", reason: `it has more than ${FILE_BYTES} bytes` };
    } else verdict = check(readFileSync(name));
  } catch (error) {
    if (typeof error.code !== "string" || error.syscall === undefined) throw error;
    verdict = { accepted: false, place: "the file", reason: `it cannot be read: ${error.code}` };
  }
  return { ...verdict, milliseconds: Number((process.hrtime.bigint() - start) / 1000000n) };
}

function describe(name, verdict) {
  if (!verdict.accepted) return `${name}: refused: ${verdict.place}: ${verdict.reason}`;
  const { infeasible, lower, upper, quantity, letters, records, nodes, milliseconds } = verdict;
  const claim = infeasible
    ? "no coupling meets the limits"
    : `${quantity} is at least ${decimals(lower, 12, false)} and at most ${decimals(upper, 12, true)}` +
      (quantity === "I(X;Y)" ? " bits" : "");
  return `${name}: ${claim} (${letters.join("x")}, ${records} records, ${nodes} nodes, ${milliseconds} ms)`;
}

const names = process.argv.slice(2);
if (names.length === 0 || names.includes("--help")) {
  console.log("usage: node check.mjs FILE... | node check.mjs --batch < names");
  process.exitCode = names.length === 0 ? 2 : 0;
} else if (names[0] === "--batch") {
  for await (const name of createInterface({ input: process.stdin })) {
    const verdict = verdictOn(name);
    const line = { name, ...verdict };
    if (verdict.accepted && !verdict.infeasible) {
      line.lower = rationalText(verdict.lower);
      line.upper = rationalText(verdict.upper);
    }
    process.stdout.write(`${JSON.stringify(line)}\n`);
  }
} else {
  for (const name of names) {
    const verdict = verdictOn(name);
    console.log(describe(name, verdict));
    if (!verdict.accepted) process.exitCode = 1;
  }
}
