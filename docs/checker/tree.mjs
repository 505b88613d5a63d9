/**
 * The tree: children cover their parent, tightenings cut off only what is excluded, and every leaf is closed.
 *
 * One box is held; what a node changes is written to a trail and taken back where a second child begins, so that
 * memory grows with the number of changes and not with their number times the cells.
 */

import { ceilingDivide, floorDivide, greatest, GRID, least, Refused, SUM } from "./numbers.mjs";
import {
  CLOSE, COLUMN, CONSTRAINT, EMPTY_COLUMN, EMPTY_CONSTRAINT, EMPTY_ROW, ORDER, ROW, SPLIT,
} from "./reading.mjs";

const LOWER = 0;
const UPPER = 1;
const NAMES = ["lower", "upper"];

export class Tree {
  constructor(problem, pairs, records, nodes, target) {
    this.problem = problem;
    this.pairs = pairs;
    this.records = records;
    this.nodes = nodes;
    this.target = target;
    const { n, m, x, columnGrid } = problem;
    this.ends = [new Array(n * m).fill(0n), []];
    for (let cell = 0; cell < n * m; cell += 1) {
      this.ends[UPPER].push(least(x.grid[Math.floor(cell / m)][1], columnGrid[cell % m][1]));
    }
    this.trail = [];
    this.open = [];
    this.index = 0;
  }

  refuse(reason) {
    throw new Refused(`tree[${this.index}]`, reason);
  }

  /** Walk all nodes; yields now and then the number of nodes done. */
  *walk() {
    const { data, count, points } = this.nodes;
    let closed = false;
    for (let index = 0; index < count; index += 1) {
      this.index = index;
      if (closed) this.refuse("no box is open for it");
      const [kind, cell, side, reference] = data.subarray(4 * index, 4 * index + 4);
      if (kind === SPLIT) this.#split(cell, points[reference]);
      else if (kind === CLOSE || kind === EMPTY_ROW || kind === EMPTY_COLUMN || kind === EMPTY_CONSTRAINT) {
        if (kind === CLOSE) this.#close(reference);
        else this.#empty(kind, cell);
        closed = !this.#nextOpen();
      } else this.#tighten(kind, cell, side, reference);
      if (index % 64 === 0) yield index;
    }
    if (!closed) throw new Refused("tree", `it ends after ${count} nodes with a box left open`);
  }

  #set(side, cell, value) {
    this.trail.push(2 * cell + side, this.ends[side][cell]);
    this.ends[side][cell] = value;
  }

  #checkCell(cell) {
    if (cell >= this.ends[LOWER].length) this.refuse(`its cell must be below ${this.ends[LOWER].length}`);
  }

  #split(cell, point) {
    this.#checkCell(cell);
    if (point < this.ends[LOWER][cell] || point > this.ends[UPPER][cell]) {
      this.refuse("the point lies outside the cell's interval");
    }
    this.open.push(this.trail.length, cell, point);
    this.#set(UPPER, cell, point);
  }

  /** Go to the second child of the last split that has not got it; false where there is none. */
  #nextOpen() {
    if (this.open.length === 0) return false;
    const point = this.open.pop();
    const cell = this.open.pop();
    const mark = this.open.pop();
    while (this.trail.length > mark) {
      const old = this.trail.pop();
      const where = this.trail.pop();
      this.ends[where % 2][Math.floor(where / 2)] = old;
    }
    this.#set(LOWER, cell, point);
    return true;
  }

  /** The cells of a row or a column. */
  #line(isRow, letter) {
    const { n, m } = this.problem;
    return isRow
      ? Array.from({ length: m }, (_, y) => letter * m + y)
      : Array.from({ length: n }, (_, x) => x * m + letter);
  }

  #tighten(kind, cell, side, reference) {
    this.#checkCell(cell);
    let value;
    if (kind === ROW || kind === COLUMN) value = this.#fromSum(kind === ROW, cell, side);
    else if (kind === CONSTRAINT) value = this.#fromConstraint(cell, side, reference);
    else if (kind === ORDER) value = this.#fromOrder(cell, side, reference);
    else value = this.#fromRecord(cell, side, reference);
    const old = this.ends[side][cell];
    const better = side === UPPER ? least(old, value) : greatest(old, value);
    if (better !== old) this.#set(side, cell, better);
  }

  #fromSum(isRow, cell, side) {
    const { m, x, columnGrid } = this.problem;
    const letter = isRow ? Math.floor(cell / m) : cell % m;
    let value = (isRow ? x.grid : columnGrid)[letter][side];
    for (const other of this.#line(isRow, letter)) {
      if (other !== cell) value -= this.ends[1 - side][other];
    }
    return value;
  }

  /** A linear row whose other cells are at their ends, so that they leave the most to this one. */
  #fromConstraint(cell, side, reference) {
    const row = this.#constraint(reference);
    const own = row.numerators[cell];
    // What is left of the row's upper end bounds a positive multiple of the cell from above.
    const fromUpper = own > 0n === (side === UPPER);
    const end = fromUpper ? row.upper : row.lower;
    if (own === 0n || end === null) this.refuse(`the row does not move the ${NAMES[side]} end of this cell`);
    const others = this.#extreme(row, fromUpper ? least : greatest, cell);
    // rest / own, the denominators of the row and of its end cleared.
    const rest = (end.top * row.denominator << GRID) - others * end.bottom;
    const [top, bottom] = own > 0n ? [rest, own * end.bottom] : [-rest, -own * end.bottom];
    return side === UPPER ? ceilingDivide(top, bottom) : floorDivide(top, bottom);
  }

  #constraint(reference) {
    const { constraints } = this.problem;
    if (reference >= constraints.length) this.refuse(`its constraint must be below ${constraints.length}`);
    return constraints[reference];
  }

  /** The least or greatest sum of a row in the box, without one cell, times the row's denominator. */
  #extreme({ numerators }, choose, without = -1) {
    const term = (a, cell) => (cell === without ? 0n : choose(a * this.ends[LOWER][cell], a * this.ends[UPPER][cell]));
    return numerators.reduce((sum, a, cell) => sum + term(a, cell), 0n);
  }

  #fromOrder(cell, side, reference) {
    if (reference >= this.pairs.length) this.refuse(`its pair must be below ${this.pairs.length}`);
    const [first, second] = this.pairs[reference];
    if (cell !== (side === LOWER ? first : second)) {
      this.refuse(`the pair does not move the ${NAMES[side]} end of this cell`);
    }
    return this.ends[side][side === LOWER ? second : first];
  }

  #fromRecord(cell, side, reference) {
    const { record, lack } = this.#usable(reference);
    const multiplier = record.cells[cell];
    if (side === UPPER ? multiplier <= 0n : multiplier >= 0n) {
      this.refuse(`record ${reference} has no multiplier that moves the ${NAMES[side]} end of cell ${cell}`);
    }
    const missing = greatest(lack, 0n);
    const unit = SUM - 2n * GRID;
    return side === UPPER
      ? record.lower[cell] + ceilingDivide(missing, multiplier << unit)
      : record.upper[cell] - ceilingDivide(missing, -multiplier << unit);
  }

  /** The record, where its box holds the box of the node, and what it lacks of closing it. */
  #usable(reference) {
    if (reference >= this.records.records.length) {
      this.refuse(`its record must be below ${this.records.records.length}`);
    }
    const record = this.records.records[reference];
    if (record.lower.length === 0) {
      // The box of the first node that uses it.
      if (this.#crossed()) this.refuse(`record ${reference} has no box, and the node's has crossed ends`);
      record.lower = [...this.ends[LOWER]];
      record.upper = [...this.ends[UPPER]];
    }
    if (record.kind === "bound" && this.target === null) {
      this.refuse(`record ${reference} is a bound, which proves no infeasibility`);
    }
    for (let cell = 0; cell < record.lower.length; cell += 1) {
      if (record.lower[cell] > this.ends[LOWER][cell] || record.upper[cell] < this.ends[UPPER][cell]) {
        this.refuse(`the box of record ${reference} does not hold the node's box in cell ${cell}`);
      }
    }
    const value = this.records.value(reference);
    return { record, lack: record.kind === "bound" ? this.target - value : -value };
  }

  #close(reference) {
    const { record, lack } = this.#usable(reference);
    if (record.kind === "bound" ? lack > 0n : lack >= 0n) {
      this.refuse(`record ${reference} lacks ${decimal(lack)} of what closes the box`);
    }
  }

  #crossed() {
    return this.ends[LOWER].some((low, cell) => low > this.ends[UPPER][cell]);
  }

  #empty(kind, letter) {
    const { n, m, x, lawEnds } = this.problem;
    const beyond = (ends, sums, unit) =>
      (ends[UPPER] !== null && (ends[UPPER].top * unit) << GRID < sums[LOWER] * ends[UPPER].bottom) ||
      (ends[LOWER] !== null && (ends[LOWER].top * unit) << GRID > sums[UPPER] * ends[LOWER].bottom);
    let empty;
    if (kind === EMPTY_CONSTRAINT) {
      const row = this.#constraint(letter);
      empty = beyond([row.lower, row.upper], [this.#extreme(row, least), this.#extreme(row, greatest)], row.denominator);
    } else {
      const isRow = kind === EMPTY_ROW;
      const count = isRow ? n : m;
      if (letter >= count) this.refuse(`its letter must be below ${count}`);
      const mass = { top: x.numerators[letter], bottom: x.denominator };
      const cells = this.#line(isRow, letter);
      const sums = this.ends.map((ends) => cells.reduce((total, cell) => total + ends[cell], 0n));
      empty = beyond(isRow ? [mass, mass] : lawEnds[letter], sums, 1n);
    }
    if (!empty && !this.#crossed()) this.refuse("the box is not empty");
  }
}

/** A positive number of bits for a message: "a 2^-b", nothing is decided by it. */
function decimal(value) {
  return value === 0n ? "0 (its sum is not positive)" : `less than 2^${value.toString(2).length - Number(SUM)} bits`;
}
