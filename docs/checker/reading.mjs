/**
 * The text of a certificate as plain data: a JSON reader that knows what may stand where.
 *
 * It reads the text once and refuses at the first thing that the format does not have, so that neither depth nor
 * size of a hostile text costs memory.  A string outside ASCII occurs nowhere in the format.
 */

import { parseGrid, parseRational, Refused } from "./numbers.mjs";
import { unpack } from "./gzip.mjs";

export const FILE_BYTES = 2 ** 26;
const TEXT_BYTES = 2 ** 28;
const INTEGER_DIGITS = 9;
const RATIONAL_CHARACTERS = 4096;
const GRID_CHARACTERS = 40;
const WORD_CHARACTERS = 64;
const LETTERS = 12;
const LABEL_LETTERS = 64;
const MAPPINGS = 4096;
const RECORDS = 10 ** 6;
const NODES = 10 ** 7;
const LINEAR_ROWS = 64;
const CELLS = LETTERS * LETTERS;
const PAIRS = CELLS + 2 * LETTERS;

const QUOTE = 34;
const COMMA = 44;
const MINUS = 45;
const ZERO = 48;
const NINE = 57;
const COLON = 58;
const BACKSLASH = 92;
const ESCAPES = { 34: '"', 92: "\\", 47: "/", 98: "\b", 102: "\f", 110: "\n", 114: "\r", 116: "\t" };

const isPlain = (byte) => byte >= 32 && byte <= 126 && byte !== QUOTE && byte !== BACKSLASH;

class Reader {
  constructor(bytes) {
    // One character for each byte: what is beyond ASCII is refused wherever it stands.
    this.text = new TextDecoder("latin1").decode(bytes);
    this.at = 0;
    this.path = [];
    this.grids = new Map();
    /** Where the first object stands that has the keys of version 2, and the first that lacks them. */
    this.withAdded = null;
    this.withoutAdded = null;
  }

  /** The place in the document where reading stands. */
  get place() {
    const parts = this.path.map((key) => (typeof key === "number" ? `[${key}]` : `.${key}`));
    return parts.join("").replace(/^\./, "") || "the top level";
  }

  refuse(reason) {
    throw new Refused(this.place, reason);
  }

  malformed(expected) {
    throw new Refused(this.place, `no JSON: byte ${this.at} should be ${expected}`);
  }

  space() {
    for (;;) {
      const byte = this.text.charCodeAt(this.at);
      if (byte !== 32 && byte !== 10 && byte !== 13 && byte !== 9) return byte;
      this.at += 1;
    }
  }

  expect(byte) {
    if (this.space() !== byte) this.malformed(`"${String.fromCharCode(byte)}"`);
    this.at += 1;
  }

  /** Whether `null` stands here; it is read then. */
  isNull() {
    if (this.space() !== 110) return false;
    this.literal("null");
    return true;
  }

  literal(word) {
    for (let i = 0; i < word.length; i += 1, this.at += 1) {
      if (this.text.charCodeAt(this.at) !== word.charCodeAt(i)) this.malformed(`"${word}"`);
    }
  }

  string(limit) {
    if (this.space() !== QUOTE) this.refuse(this.at < this.text.length ? "it must be a string" : "no JSON: it ends early");
    this.at += 1;
    let text = "";
    for (;;) {
      const start = this.at;
      while (this.at - start <= limit && isPlain(this.text.charCodeAt(this.at))) this.at += 1;
      text += this.text.slice(start, this.at);
      const byte = this.text.charCodeAt(this.at);
      if (text.length > limit || isPlain(byte)) this.refuse(`a string of more than ${limit} characters`);
      if (this.at >= this.text.length) this.malformed('"\\""');
      this.at += 1;
      if (byte === QUOTE) return text;
      if (byte < 32) this.refuse("no JSON: a control character in a string");
      if (byte !== BACKSLASH) this.refuse("no string of the format has a character outside ASCII");
      text += this.escaped();
    }
  }

  escaped() {
    const byte = this.text.charCodeAt(this.at);
    this.at += 1;
    if (byte !== 117) return ESCAPES[byte] ?? this.malformed("an escape of JSON");
    let code = 0;
    for (let i = 0; i < 4; i += 1, this.at += 1) {
      const digit = this.text.charAt(this.at);
      if (!/[0-9a-fA-F]/.test(digit)) this.malformed("a hexadecimal digit");
      code = 16 * code + parseInt(digit, 16);
    }
    if (code > 126) this.refuse("no string of the format has a character outside ASCII");
    return String.fromCharCode(code);
  }

  /** An integer of JSON, at least 0; -0 is 0. */
  integer() {
    if (this.space() === MINUS && this.text.charCodeAt(this.at + 1) === ZERO) this.at += 1;
    const first = this.text.charCodeAt(this.at);
    if (!(first >= ZERO && first <= NINE)) {
      this.refuse("it must be an integer that is at least 0");
    }
    const start = this.at;
    let value = 0;
    while (this.text.charCodeAt(this.at) >= ZERO && this.text.charCodeAt(this.at) <= NINE) {
      if (this.at - start === INTEGER_DIGITS) this.refuse("an integer has more than nine digits");
      value = 10 * value + this.text.charCodeAt(this.at) - ZERO;
      this.at += 1;
    }
    if (first === ZERO && this.at - start > 1) this.refuse("no JSON: a number begins with 0");
    if ([46, 69, 101].includes(this.text.charCodeAt(this.at))) this.refuse("a float stands where none may");
    return value;
  }

  array(limit, item) {
    if (this.space() !== 91) this.refuse("it must be an array");
    this.at += 1;
    const entries = [];
    if (this.space() === 93) {
      this.at += 1;
      return entries;
    }
    for (;;) {
      if (entries.length === limit) this.refuse(`it has more than ${limit} entries`);
      this.path.push(entries.length);
      entries.push(item());
      this.path.pop();
      if (this.space() === 93) break;
      this.expect(COMMA);
    }
    this.at += 1;
    return entries;
  }

  /**
   * An object with exactly the keys of `parts`, each read by its function, and either all or none of `added`, the
   * keys of version 2: which of the two is remembered, for the version may come last.
   */
  object(parts, added = {}) {
    if (this.space() !== 123) this.refuse("it must be an object");
    this.at += 1;
    const found = new Map();
    if (this.space() === 125) this.at += 1;
    else {
      for (;;) {
        const key = this.string(WORD_CHARACTERS);
        if (found.has(key)) this.refuse(`the key "${key}" stands twice`);
        const part = Object.hasOwn(parts, key) ? parts[key] : Object.hasOwn(added, key) ? added[key] : null;
        if (part === null) this.refuse(`the key "${key}" has no place here`);
        this.expect(COLON);
        this.path.push(key);
        found.set(key, part());
        this.path.pop();
        if (this.space() === 125) break;
        this.expect(COMMA);
      }
      this.at += 1;
    }
    const extra = Object.keys(added);
    const second = extra.some((key) => found.has(key));
    const missing = [...Object.keys(parts), ...(second ? extra : [])].filter((key) => !found.has(key));
    if (missing.length > 0) this.refuse(`the key "${missing[0]}" is missing`);
    if (second) this.withAdded ??= this.place;
    else if (extra.length > 0) this.withoutAdded ??= this.place;
    return Object.fromEntries(found);
  }

  word(...allowed) {
    const text = this.string(WORD_CHARACTERS);
    if (!allowed.includes(text)) this.refuse(`it must be ${allowed.map((one) => `"${one}"`).join(" or ")}`);
    return text;
  }

  rational() {
    const text = this.string(RATIONAL_CHARACTERS);
    return parseRational(text) ?? this.refuse('it must be a rational "a" or "a/b"');
  }

  grid() {
    const text = this.string(GRID_CHARACTERS);
    let value = this.grids.get(text);
    if (value === undefined) {
      value = parseGrid(text) ?? this.refuse("it must be a grid number: hexadecimal digits in lower case");
      // One object for each small set of frequent numbers bounds the memory of a long text of short numbers.
      if (this.grids.size < 65536) this.grids.set(text, value);
    }
    return value;
  }

  gridArray(limit) {
    return this.array(limit, () => this.grid());
  }
}

const SIDES = ["lower", "upper"];
export const SPLIT = 0;
export const ROW = 1;
export const COLUMN = 2;
export const ORDER = 3;
export const SLAB = 4;
export const CLOSE = 5;
export const EMPTY_ROW = 6;
export const EMPTY_COLUMN = 7;
export const CONSTRAINT = 8;
export const EMPTY_CONSTRAINT = 9;
const REASONS = { row: ROW, column: COLUMN, order: ORDER, record: SLAB, constraint: CONSTRAINT };
const LINES = { row: EMPTY_ROW, column: EMPTY_COLUMN, constraint: EMPTY_CONSTRAINT };

/** The tree as four integers a node: kind, cell or letter, side (0 lower, 1 upper), and a reference or point. */
class Nodes {
  constructor() {
    this.data = new Int32Array(4096);
    this.count = 0;
    this.points = [];
  }

  add(kind, cell, side = 0, reference = 0) {
    if (4 * this.count === this.data.length) {
      const larger = new Int32Array(2 * this.data.length);
      larger.set(this.data);
      this.data = larger;
    }
    this.data.set([kind, cell, side, reference], 4 * this.count);
    this.count += 1;
  }
}

function readNode(reader, nodes) {
  if (reader.space() !== 91) reader.refuse("it must be an array");
  reader.at += 1;
  let entries = 1;
  reader.path.push(0);
  const next = (read) => {
    if (reader.space() === 93) reader.refuse("the node ends early");
    reader.expect(COMMA);
    reader.path[reader.path.length - 1] = entries;
    entries += 1;
    return read();
  };
  const integer = () => next(() => reader.integer());
  const side = () => next(() => SIDES.indexOf(reader.word(...SIDES)));
  const kind = reader.word("split", "tighten", "close", "empty");
  if (kind === "split") {
    const cell = integer();
    nodes.points.push(next(() => reader.grid()));
    nodes.add(SPLIT, cell, 0, nodes.points.length - 1);
  } else if (kind === "tighten") {
    const reason = REASONS[next(() => reader.word(...Object.keys(REASONS)))];
    const cell = integer();
    const end = side();
    nodes.add(reason, cell, end, reason === ROW || reason === COLUMN ? 0 : integer());
  } else if (kind === "close") {
    nodes.add(CLOSE, 0, 0, integer());
  } else {
    const line = next(() => reader.word(...Object.keys(LINES)));
    nodes.add(LINES[line], integer());
  }
  reader.path.pop();
  if (reader.space() !== 93) reader.refuse(`a "${kind}" node like this has ${entries} entries`);
  reader.at += 1;
}

function readTree(reader) {
  const nodes = new Nodes();
  if (reader.space() !== 91) reader.refuse("it must be an array");
  reader.at += 1;
  if (reader.space() !== 93) {
    for (;;) {
      if (nodes.count === NODES) reader.refuse(`it has more than ${NODES} entries`);
      reader.path.push(nodes.count);
      readNode(reader, nodes);
      reader.path.pop();
      if (reader.space() === 93) break;
      reader.expect(COMMA);
    }
  }
  reader.at += 1;
  return nodes;
}

function readDocument(reader) {
  const rational = () => reader.rational();
  const rationalOrNull = () => (reader.isNull() ? null : reader.rational());
  const cells = () => reader.gridArray(CELLS);
  const matrix = () => reader.array(LETTERS, () => reader.array(LETTERS, rational));
  const linearRow = () => reader.object({ coefficients: matrix, lower: rationalOrNull, upper: rationalOrNull });
  const readers = {
    format: () => reader.word("mecbopt-certificate"),
    version: () => {
      const version = reader.integer();
      return version === 1 || version === 2 ? version : reader.refuse("it must be 1 or 2");
    },
    problem: () =>
      reader.object(
        {
          p_x: () => reader.array(LETTERS, rational),
          p_y: () => reader.array(LETTERS, rational),
          rate: rationalOrNull,
          label: () => (reader.isNull() ? null : readLabel(reader, rational, rationalOrNull)),
        },
        {
          p_y_tolerance: rational,
          distortion: () => (reader.isNull() ? null : matrix()),
          constraints: () => reader.array(LINEAR_ROWS, linearRow),
        },
      ),
    claim: () => readClaim(reader),
    witness: () =>
      reader.isNull()
        ? null
        : reader.object({
            mappings: () => reader.array(MAPPINGS, () => reader.array(LETTERS, () => reader.integer())),
            weights: () => reader.array(MAPPINGS, rational),
          }),
    order: () => (reader.isNull() ? null : reader.array(2, () => reader.integer())),
    records: () =>
      reader.array(RECORDS, () =>
        reader.object(
          {
            kind: () => reader.word("bound", "farkas"),
            lower: cells,
            upper: cells,
            from: cells,
            to: cells,
            theta: cells,
            cells,
            marginals: () => reader.gridArray(LETTERS),
            rate: () => reader.grid(),
            label: () => reader.grid(),
            order: () => reader.gridArray(PAIRS),
          },
          {
            given_y: () => reader.grid(),
            privacy: () => reader.grid(),
            constraints: () => reader.gridArray(LINEAR_ROWS),
            channel: () => reader.gridArray(LABEL_LETTERS * LETTERS),
            laws: () => reader.gridArray(LETTERS),
            columns: () => reader.gridArray(LETTERS),
          },
        ),
      ),
    tree: () => readTree(reader),
  };
  const document = reader.object(readers);
  const wrong = document.version === 1 ? reader.withAdded : reader.withoutAdded;
  if (wrong !== null) throw new Refused(wrong, `its keys are not those of version ${document.version}`);
  return document;
}

function readLabel(reader, rational, rationalOrNull) {
  return reader.object(
    {
      p_s_given_x: () => reader.array(LETTERS, () => reader.array(LABEL_LETTERS, rational)),
      max_entropy: rationalOrNull,
    },
    { max_entropy_given_y: rationalOrNull, min_entropy_given_y: rationalOrNull },
  );
}

/** The claim's keys depend on its kind, which may come last. */
function readClaim(reader) {
  const start = reader.at;
  const ends = { lower: () => reader.rational(), upper: () => reader.rational() };
  const kind = () => reader.word("value", "infeasible");
  try {
    return reader.object({ kind, ...ends });
  } catch (error) {
    if (!(error instanceof Refused) || !/is missing$/.test(error.reason)) throw error;
  }
  reader.at = start;
  const claim = reader.object({ kind });
  if (claim.kind === "value") reader.refuse('the key "lower" is missing');
  return claim;
}

/** The document in a file's bytes, plain or compressed. */
export function read(file) {
  if (file.length > FILE_BYTES) throw new Refused("the file", `it has more than ${FILE_BYTES} bytes`);
  const packed = file[0] === 0x1f && file[1] === 0x8b;
  const bytes = packed ? unpack(file, TEXT_BYTES) : file;
  if (bytes.length === 0) throw new Refused("the file", "no JSON: it is empty");
  if (bytes[0] === 0xef) throw new Refused("the file", "no JSON: it begins with a byte order mark");
  const reader = new Reader(bytes);
  const document = readDocument(reader);
  if (!Number.isNaN(reader.space())) throw new Refused("the file", `something follows the document at byte ${reader.at}`);
  return document;
}
