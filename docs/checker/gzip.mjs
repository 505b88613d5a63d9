/**
 * One gzip member (RFC 1952, RFC 1951) and nothing after it, with a bound on what it expands to.
 *
 * The decompressors of browsers and of Node differ in what they take behind a member (zeros, further members) and
 * do not say where it ended; the format allows nothing there.  So the few lines stand here, the same everywhere.
 */

import { Refused } from "./numbers.mjs";

const LENGTH_BASE = [3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131,
  163, 195, 227, 258];
const LENGTH_EXTRA = [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0];
const DISTANCE_BASE = [1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537,
  2049, 3073, 4097, 6145, 8193, 12289, 16385, 24577];
const DISTANCE_EXTRA = [0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12,
  13, 13];
const CODE_LENGTH_ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

const CHECKSUMS = new Uint32Array(256).map((_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1;
  return value;
});

function checksum(bytes, end = bytes.length) {
  let value = 0xffffffff;
  for (let i = 0; i < end; i += 1) value = CHECKSUMS[(value ^ bytes[i]) & 255] ^ (value >>> 8);
  return (value ^ 0xffffffff) >>> 0;
}

/** A prefix code: how many codes of each length there are, and the symbols in the order of their codes. */
function prefixCode(lengths, mayBeIncomplete, fail) {
  const counts = new Uint16Array(16);
  for (const length of lengths) counts[length] += 1;
  let left = 1;
  for (let length = 1; length < 16; length += 1) {
    left = 2 * left - counts[length];
    if (left < 0) fail("a prefix code has too many words");
  }
  // As in zlib: only a code of distances with a single word (or none) may leave words unused.
  const used = lengths.length - counts[0];
  if (left > 0 && !(mayBeIncomplete && (used === 0 || (used === 1 && counts[1] === 1)))) {
    fail("a prefix code has too few words");
  }
  const offsets = new Uint16Array(16);
  for (let length = 1; length < 15; length += 1) offsets[length + 1] = offsets[length] + counts[length];
  const symbols = new Uint16Array(lengths.length);
  lengths.forEach((length, symbol) => {
    if (length > 0) symbols[offsets[length]++] = symbol;
  });
  return { counts, symbols };
}

class Inflater {
  constructor(bytes, at, limit) {
    this.bytes = bytes;
    this.at = at;
    this.limit = limit;
    this.hold = 0;
    this.held = 0;
    this.output = new Uint8Array(Math.min(limit, Math.max(1024, 4 * bytes.length)));
    this.size = 0;
  }

  fail(reason) {
    throw new Refused(`byte ${this.at} of the compressed file`, reason);
  }

  bits(count) {
    while (this.held < count) {
      if (this.at >= this.bytes.length) this.fail("the compressed data end early");
      this.hold |= this.bytes[this.at] << this.held;
      this.at += 1;
      this.held += 8;
    }
    const value = this.hold & ((1 << count) - 1);
    this.hold >>>= count;
    this.held -= count;
    return value;
  }

  symbol({ counts, symbols }) {
    let code = 0;
    let first = 0;
    let index = 0;
    for (let length = 1; length < 16; length += 1) {
      code |= this.bits(1);
      const count = counts[length];
      if (code - count < first) return symbols[index + code - first];
      index += count;
      first = 2 * (first + count);
      code *= 2;
    }
    return this.fail("a word is in no prefix code");
  }

  reserve(count) {
    const needed = this.size + count;
    if (needed > this.limit) this.fail(`the text exceeds ${this.limit} bytes`);
    if (needed > this.output.length) {
      const larger = new Uint8Array(Math.min(this.limit, Math.max(needed, 2 * this.output.length)));
      larger.set(this.output.subarray(0, this.size));
      this.output = larger;
    }
  }

  stored() {
    this.hold = 0;
    this.held = 0;
    const length = this.bits(16);
    if (length !== (this.bits(16) ^ 0xffff)) this.fail("a stored block has contradicting lengths");
    if (this.at + length > this.bytes.length) this.fail("the compressed data end early");
    this.reserve(length);
    this.output.set(this.bytes.subarray(this.at, this.at + length), this.size);
    this.at += length;
    this.size += length;
  }

  codes() {
    const literals = this.bits(5) + 257;
    const distances = this.bits(5) + 1;
    const described = this.bits(4) + 4;
    const fail = (reason) => this.fail(reason);
    if (literals > 286 || distances > 30) fail("a block has too many symbols");
    const sizes = new Array(19).fill(0);
    for (let i = 0; i < described; i += 1) sizes[CODE_LENGTH_ORDER[i]] = this.bits(3);
    const code = prefixCode(sizes, false, fail);
    const lengths = [];
    while (lengths.length < literals + distances) {
      const symbol = this.symbol(code);
      if (symbol < 16) {
        lengths.push(symbol);
        continue;
      }
      if (symbol === 16 && lengths.length === 0) fail("a repeated length comes first");
      const value = symbol === 16 ? lengths[lengths.length - 1] : 0;
      const times = symbol === 16 ? 3 + this.bits(2) : symbol === 17 ? 3 + this.bits(3) : 11 + this.bits(7);
      for (let i = 0; i < times; i += 1) lengths.push(value);
    }
    if (lengths.length > literals + distances) fail("too many code lengths");
    if (lengths[256] === 0) fail("a block has no end");
    return [prefixCode(lengths.slice(0, literals), false, fail), prefixCode(lengths.slice(literals), true, fail)];
  }

  block([literalCode, distanceCode]) {
    for (;;) {
      const symbol = this.symbol(literalCode);
      if (symbol === 256) return;
      if (symbol < 256) {
        this.reserve(1);
        this.output[this.size++] = symbol;
        continue;
      }
      if (symbol > 285) this.fail("a length is not defined");
      const length = LENGTH_BASE[symbol - 257] + this.bits(LENGTH_EXTRA[symbol - 257]);
      const code = this.symbol(distanceCode);
      if (code > 29) this.fail("a distance is not defined");
      const distance = DISTANCE_BASE[code] + this.bits(DISTANCE_EXTRA[code]);
      if (distance > this.size) this.fail("a distance reaches before the text");
      this.reserve(length);
      for (let i = 0; i < length; i += 1, this.size += 1) this.output[this.size] = this.output[this.size - distance];
    }
  }

  run() {
    const fail = (reason) => this.fail(reason);
    let last = 0;
    while (!last) {
      last = this.bits(1);
      const kind = this.bits(2);
      if (kind === 0) this.stored();
      else if (kind === 1) {
        const lengths = Array.from({ length: 288 }, (_, i) => (i < 144 ? 8 : i < 256 ? 9 : i < 280 ? 7 : 8));
        this.block([prefixCode(lengths, false, fail), prefixCode(new Array(32).fill(5), false, fail)]);
      } else if (kind === 2) this.block(this.codes());
      else this.fail("a block is of no kind");
    }
    return this.output.subarray(0, this.size);
  }
}

/** Where the compressed data begin. */
function headerEnd(bytes) {
  const refuse = (reason) => {
    throw new Refused("the header of the compressed file", reason);
  };
  if (bytes.length < 10) refuse("it ends early");
  if (bytes[2] !== 8) refuse("its method is not deflate");
  const flags = bytes[3];
  if (flags & 0xe0) refuse("reserved flags are set");
  let at = 10;
  if (flags & 4) at += 2 + (bytes[10] ?? 0) + 256 * (bytes[11] ?? 0);
  for (const flag of [8, 16]) {
    if (flags & flag) {
      while (at < bytes.length && bytes[at] !== 0) at += 1;
      at += 1;
    }
  }
  if (flags & 2) {
    if (at + 2 > bytes.length) refuse("it ends early");
    if ((checksum(bytes, at) & 0xffff) !== bytes[at] + 256 * bytes[at + 1]) refuse("its checksum is wrong");
    at += 2;
  }
  if (at > bytes.length) refuse("it ends early");
  return at;
}

/** The bytes that one gzip member holds, at most `limit` of them. */
export function unpack(bytes, limit) {
  const inflater = new Inflater(bytes, headerEnd(bytes), limit);
  const text = inflater.run();
  const end = inflater.at;
  const word = (at) => new DataView(bytes.buffer, bytes.byteOffset + at, 4).getUint32(0, true);
  if (end + 8 > bytes.length) inflater.fail("the compressed data end early");
  if (word(end) !== checksum(text)) inflater.fail("the checksum of the text is wrong");
  if (word(end + 4) !== text.length) inflater.fail("the stated length of the text is wrong");
  if (end + 8 < bytes.length) inflater.fail("something follows the compressed text");
  return text;
}
