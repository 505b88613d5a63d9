/**
 * The face of the checker in a browser: files in, verdicts out, in slices that leave the page alive.
 */

import { decimals, rationalText, refusal, verify } from "./checker.mjs";
import { FILE_BYTES } from "./reading.mjs";

const SLICE_MILLISECONDS = 40;
const element = (id) => document.getElementById(id);
let stopped = false;

const breathe = () => new Promise((resume) => setTimeout(resume));

/** The verdict on bytes, or null where it was stopped. */
async function verdictOn(bytes) {
  try {
    await breathe();
    const steps = verify(bytes);
    let breath = performance.now();
    for (;;) {
      const step = steps.next();
      if (step.done) return { accepted: true, ...step.value };
      if (performance.now() - breath > SLICE_MILLISECONDS) {
        element("progress").value = step.value.done / step.value.nodes;
        await breathe();
        if (stopped) return null;
        breath = performance.now();
      }
    }
  } catch (error) {
    return refusal(error);
  }
}

function row(list, term, text) {
  list.append(Object.assign(document.createElement("dt"), { textContent: term }));
  list.append(Object.assign(document.createElement("dd"), { textContent: text }));
}

function show(name, verdict, seconds) {
  const article = document.createElement("article");
  article.className = verdict.accepted ? "good" : "bad";
  const title = document.createElement("h2");
  title.append(Object.assign(document.createElement("strong"), { textContent: verdict.accepted ? "Proved" : "Refused" }));
  title.append(` ${name}`);
  const list = document.createElement("dl");
  if (!verdict.accepted) {
    row(list, "Place", verdict.place);
    row(list, "Reason", verdict.reason);
  } else {
    if (verdict.infeasible) row(list, "Claim", "no coupling meets the limits");
    else {
      const unit = verdict.quantity === "I(X;Y)" ? " bits" : "";
      const ends = [decimals(verdict.lower, 12, false), decimals(verdict.upper, 12, true)];
      row(list, "Interval", `${ends[0]} ≤ ${verdict.quantity} ≤ ${ends[1]}${unit}`);
      row(list, "Exactly", `[${rationalText(verdict.lower)}, ${rationalText(verdict.upper)}]`);
    }
    row(list, "Letters", `${verdict.letters[0]} of X, ${verdict.letters[1]} of Y with positive mass`);
    row(list, "Records", `${verdict.records}`);
    row(list, "Nodes", `${verdict.nodes}`);
  }
  row(list, "Time", `${seconds.toFixed(2)} s`);
  article.append(title, list);
  element("results").prepend(article);
}

async function checkAll(files) {
  stopped = false;
  element("running").hidden = false;
  for (const file of files) {
    element("state").textContent = `Checking ${file.name}`;
    element("progress").value = 0;
    const start = performance.now();
    let verdict;
    if (file.size > FILE_BYTES) {
      verdict = { accepted: false, place: "the file", reason: `it has more than ${FILE_BYTES} bytes` };
    } else verdict = await verdictOn(new Uint8Array(await file.arrayBuffer()));
    if (verdict === null) break;
    show(file.name, verdict, (performance.now() - start) / 1000);
  }
  element("running").hidden = true;
}

/** One after another, however many drops there are. */
let queue = Promise.resolve();
const enqueue = (files) => {
  const kept = [...files];
  queue = queue.then(() => checkAll(kept));
};

element("file").addEventListener("change", (event) => {
  enqueue(event.target.files);
  event.target.value = "";
});
element("stop").addEventListener("click", () => {
  stopped = true;
});
for (const kind of ["dragover", "dragleave", "drop"]) {
  document.addEventListener(kind, (event) => {
    event.preventDefault();
    element("drop").classList.toggle("over", kind === "dragover");
    if (kind === "drop") enqueue(event.dataTransfer.files);
  });
}
