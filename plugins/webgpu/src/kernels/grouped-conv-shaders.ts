/**
 * The shaders of convolution in groups: x [n, h, w, c], filter [fh, fw, c / groups, k], y [n, oh, ow, k]. One element
 * of an array is a lane: a channel, or four.
 *
 * Of each there are two kinds. In `lanes`, an output lane is a sum of products of lanes: single channels, or four
 * groups of one channel each. In `fours`, groups have a multiple of four inputs and outputs, and four lanes of the
 * filter are a matrix.
 */
import {threadForEach, type Shader} from '../dispatch.js';

export type Kind = 'lanes' | 'fours';

/** Neighbours of a row that a thread computes, so that what it loads of the filter serves twice. */
export const places = 2;

/** A workgroup has so many columns of the filter's gradient, and so many lines of its block at a time. */
export const side = 16;

/** Sizes; inputs and outputs are counted in lanes, `groupIn` and `groupOut` are those of a group. */
const uniforms: Shader['uniforms'] = [
  ...['count', 'inHeight', 'inWidth', 'inLanes', 'outHeight', 'outWidth', 'outLanes', 'filterHeight', 'filterWidth'],
  ...['strideHeight', 'strideWidth', 'dilationHeight', 'dilationWidth', 'top', 'left', 'groupIn', 'groupOut'],
  ...['lines', 'blockLines'],
].map((name) => [name, 'i32'] as [string, 'i32']);

/** @param element that of all arrays; the `fours` are always of vec4f */
const shader = (
  name: string,
  kind: Kind,
  element: Shader['element'],
  rest: Omit<Shader, 'name' | 'element' | 'uniforms'>,
): Shader => ({
  name: `GroupedConv${name} ${kind} ${element}`,
  element,
  uniforms,
  ...rest,
  code: `alias Lane = ${element};\n${rest.code}`,
});

/** WGSL: the share of thread i of [n, height, tiles of the width, lanes]: lane, row, image and the first column. */
const share = (height: string, width: string, lanes: string): string => `${threadForEach}
  if (i >= u32(uniforms.count)) { return; }
  let tiles = (uniforms.${width} + ${places - 1}) / ${places};
  let lane = i32(i) % uniforms.${lanes};
  let tile = i32(i) / uniforms.${lanes};
  let column = tile % tiles * ${places};
  let row = tile / tiles % uniforms.${height};
  let image = tile / tiles / uniforms.${height};
  var sum0 = Lane(0);
  var sum1 = Lane(0);`;

/** WGSL: the end of a thread: what it has summed up goes to two neighbours. */
const put = (array: string, height: string, width: string, lanes: string): string => `
  let to = ((image * uniforms.${height} + row) * uniforms.${width} + column) * uniforms.${lanes} + lane;
  ${array}[to] = sum0;
  if (column + 1 < uniforms.${width}) { ${array}[to + uniforms.${lanes}] = sum1; }
}`;

export const forward = (kind: Kind, element: Shader['element']): Shader =>
  shader('', kind, element, {
    writes: ['y'],
    reads: ['x', 'weights'],
    code: `${share('outHeight', 'outWidth', 'outLanes')}
  let first = lane / uniforms.groupOut * uniforms.groupIn;
  for (var a = 0; a < uniforms.filterHeight; a++) {
    let fromRow = row * uniforms.strideHeight + a * uniforms.dilationHeight - uniforms.top;
    if (fromRow < 0 || fromRow >= uniforms.inHeight) { continue; }
    for (var b = 0; b < uniforms.filterWidth; b++) {
      let from0 = column * uniforms.strideWidth + b * uniforms.dilationWidth - uniforms.left;
      let from1 = from0 + uniforms.strideWidth;
      let inside0 = from0 >= 0 && from0 < uniforms.inWidth;
      let inside1 = from1 >= 0 && from1 < uniforms.inWidth;
      let line = (image * uniforms.inHeight + fromRow) * uniforms.inWidth;
      for (var c = 0; c < uniforms.groupIn; c++) {
        var x0 = Lane(0);
        var x1 = Lane(0);
        if (inside0) { x0 = x[(line + from0) * uniforms.inLanes + first + c]; }
        if (inside1) { x1 = x[(line + from1) * uniforms.inLanes + first + c]; }
        let tap = ((a * uniforms.filterWidth + b) * uniforms.groupIn + c) * uniforms.outLanes;
        ${
          kind === 'lanes'
            ? `let weight = weights[tap + lane];
        sum0 += x0 * weight;
        sum1 += x1 * weight;`
            : `let at = 4 * tap + lane;
        let matrix = mat4x4f(weights[at], weights[at + uniforms.outLanes], weights[at + 2 * uniforms.outLanes], weights[at + 3 * uniforms.outLanes]);
        sum0 += matrix * x0;
        sum1 += matrix * x1;`
        }
      }
    }
  }
  ${put('y', 'outHeight', 'outWidth', 'outLanes')}`,
  });

export const inputGradient = (kind: Kind, element: Shader['element']): Shader =>
  shader('Input', kind, element, {
    writes: ['dx'],
    reads: ['dy', 'weights'],
    code: `
/** The output through whose tap an input is seen; -1 if there is none. \`place\` is that of its tap 0. */
fn outputAt(place: i32, stride: i32, size: i32) -> i32 {
  if (place < 0 || place % stride != 0 || place / stride >= size) { return -1; }
  return place / stride;
}
${share('inHeight', 'inWidth', 'inLanes')}
  let own = lane % uniforms.groupIn;
  let first = lane / uniforms.groupIn * uniforms.groupOut;
  for (var a = 0; a < uniforms.filterHeight; a++) {
    let toRow = outputAt(row + uniforms.top - a * uniforms.dilationHeight, uniforms.strideHeight, uniforms.outHeight);
    if (toRow < 0) { continue; }
    for (var b = 0; b < uniforms.filterWidth; b++) {
      let place = column + uniforms.left - b * uniforms.dilationWidth;
      let to0 = outputAt(place, uniforms.strideWidth, uniforms.outWidth);
      let to1 = outputAt(place + 1, uniforms.strideWidth, uniforms.outWidth);
      if (to0 < 0 && to1 < 0) { continue; }
      let line = (image * uniforms.outHeight + toRow) * uniforms.outWidth;
      let tap = ((a * uniforms.filterWidth + b) * uniforms.groupIn + own) * uniforms.outLanes;
      for (var o = first; o < first + uniforms.groupOut; o++) {
        var slope0 = Lane(0);
        var slope1 = Lane(0);
        if (to0 >= 0) { slope0 = dy[(line + to0) * uniforms.outLanes + o]; }
        if (to1 >= 0) { slope1 = dy[(line + to1) * uniforms.outLanes + o]; }
        ${
          kind === 'lanes'
            ? `let weight = weights[tap + o];
        sum0 += slope0 * weight;
        sum1 += slope1 * weight;`
            : `let at = 4 * tap + o;
        let matrix = mat4x4f(weights[at], weights[at + uniforms.outLanes], weights[at + 2 * uniforms.outLanes], weights[at + 3 * uniforms.outLanes]);
        sum0 += slope0 * matrix;
        sum1 += slope1 * matrix;`
        }
      }
    }
  }
  ${put('dx', 'inHeight', 'inWidth', 'inLanes')}`,
  });

/** The sums of blocks of lines of y; partial [blocks, the filter]. */
export function filterGradient(kind: Kind, element: Shader['element']): Shader {
  const inputs = kind === 'lanes' ? [''] : ['.x', '.y', '.z', '.w']; // a sum for each
  return shader('Filter', kind, element, {
    writes: ['partial'],
    reads: ['x', 'dy'],
    code: `
var<workgroup> shares: array<array<Lane, ${side}>, ${side}>;
@compute @workgroup_size(${side}, ${side})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) local: vec3u) {
  let columns = uniforms.filterHeight * uniforms.filterWidth * uniforms.groupIn * uniforms.outLanes;
  let i = i32(group.x * ${side} + local.x);
  let isInside = i < columns;
  let lane = i % uniforms.outLanes;
  let own = i / uniforms.outLanes % uniforms.groupIn;
  let tap = i / uniforms.outLanes / uniforms.groupIn;
  let first = lane / uniforms.groupOut * uniforms.groupIn + own;
  let begin = i32(group.y) * uniforms.blockLines;
  let end = min(begin + uniforms.blockLines, uniforms.lines);
  ${inputs.map((_, j) => `var sum${j} = Lane(0);`).join('\n  ')}
  if (isInside) {
    for (var line = begin + i32(local.y); line < end; line += ${side}) {
      let row = line % uniforms.outHeight * uniforms.strideHeight + tap / uniforms.filterWidth * uniforms.dilationHeight - uniforms.top;
      if (row < 0 || row >= uniforms.inHeight) { continue; }
      let start = (line / uniforms.outHeight * uniforms.inHeight + row) * uniforms.inWidth;
      for (var column = 0; column < uniforms.outWidth; column++) {
        let at = column * uniforms.strideWidth + tap % uniforms.filterWidth * uniforms.dilationWidth - uniforms.left;
        if (at < 0 || at >= uniforms.inWidth) { continue; }
        let value = x[(start + at) * uniforms.inLanes + first];
        let slope = dy[(line * uniforms.outWidth + column) * uniforms.outLanes + lane];
        ${inputs.map((input, j) => `sum${j} += value${input} * slope;`).join('\n        ')}
      }
    }
  }
  let to = (i32(group.y) * columns + i / uniforms.outLanes * uniforms.outLanes) * ${inputs.length} + lane;
  ${inputs
    .map(
      (_, j) => `
  shares[local.y][local.x] = sum${j};
  for (var step = ${side / 2}u; step > 0; step /= 2) {
    workgroupBarrier();
    if (local.y < step) { shares[local.y][local.x] += shares[local.y + step][local.x]; }
  }
  if (isInside && local.y == 0) { partial[to + ${j} * uniforms.outLanes] = shares[0][local.x]; }
  workgroupBarrier();`,
    )
    .join('')}
}`,
  });
}

/** The sum of the blocks, in their order. */
export const total = (element: Shader['element']): Shader => ({
  name: `GroupedConvTotal ${element}`,
  element,
  writes: ['sum'],
  reads: ['partial'],
  uniforms: [
    ['count', 'i32'],
    ['blocks', 'i32'],
  ],
  code: `${threadForEach}
  if (i >= u32(uniforms.count)) { return; }
  var all = partial[i];
  for (var block = 1u; block < u32(uniforms.blocks); block++) { all += partial[block * u32(uniforms.count) + i]; }
  sum[i] = all;
}`,
});
