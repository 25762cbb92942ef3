import type {Card, Extent, Gpu, KernelArg, KernelSource} from '../gpu.js';
import {longs} from './args.js';

/** THREADS of kernels/common.cuh. */
export const threads = 256;

/**
 * Blocks that a multiprocessor is given in kernels that go through an array: enough to hide waiting, whatever registers
 * they take.
 */
const blocksEach = 16;

/**
 * Blocks for `count` numbers, `width` at a time. Longer arrays than that many threads hold are gone through in steps.
 */
export function blocksFor(count: number, card: Card, width = 1): number {
  return Math.min(Math.ceil(count / width / threads), card.multiprocessors * blocksEach);
}

/** Launches a kernel that goes through `count` numbers. */
export function forEach(
  gpu: Gpu,
  source: KernelSource,
  entry: string,
  count: number,
  args: readonly KernelArg[],
  width = 1,
): void {
  gpu.launch({source, entry, grid: [blocksFor(count, gpu.card, width), 1, 1], block: [threads, 1, 1], args});
}

/** An array seen as [outer, length, inner], to be reduced along its length. */
export interface Shape3 {
  outer: number;
  length: number;
  inner: number;
}

/** How a block shares the work (Team in kernels/tree.cuh), and how many blocks there are. */
export interface Team {
  columns: number;
  rows: number;
  lines: number;
  pieces: number;
  grid: Extent;
}

/** Rows that a thread should have before the length is cut in pieces. */
const rowsEach = 16;

/** Columns of a block: neighbouring threads read neighbouring numbers. */
const mostColumns = 32;
/**
 * Columns of a block that puts the pieces of another launch together: they are few numbers, and with few columns each
 * there are more blocks, and less rows one after the other.
 */
export const columnsOfPieces = 4;

/** @param mayCut whether pieces of the length may go to different blocks */
export function teamFor({outer, length, inner}: Shape3, card: Card, mayCut: boolean, most = mostColumns): Team {
  const columns = Math.max(Math.min(inner, most), 1);
  const rows = Math.min(powerBelow(threads / columns), 2 * powerBelow(Math.max(length - 1, 1)));
  const lines = Math.max(Math.min(Math.floor(threads / (columns * rows)), outer), 1);
  const blocks = Math.ceil(inner / columns) * Math.ceil(outer / lines);
  const idle = Math.floor((card.multiprocessors * 4) / Math.max(blocks, 1));
  const pieces = mayCut ? Math.max(Math.min(idle, Math.ceil(length / (rows * rowsEach))), 1) : 1;
  return {columns, rows, lines, pieces, grid: [blocks, pieces, 1]};
}

/** The largest power of two that is not above. */
const powerBelow = (n: number): number => 2 ** Math.floor(Math.log2(n));

export const shapeArg = ({outer, length, inner}: Shape3): KernelArg => longs(outer, length, inner);
export const teamArg = ({columns, rows, lines, pieces}: Team): KernelArg => longs(columns, rows, lines, pieces);
