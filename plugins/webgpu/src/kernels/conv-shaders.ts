/**
 * The shaders of convolution, x [n, h, w, c], filter [fh, fw, c, k], y [n, oh, ow, k], and of its two gradients. Each
 * is a product of two matrices, result [rows, columns] = a [rows, inner] times b [inner, columns], whose factors are
 * read where they lie:
 *
 * | kind | rows | inner | columns | a | b |
 * | --- | --- | --- | --- | --- | --- |
 * | forward | pixels of y | taps, c | k | x | filter |
 * | inputGradient | pixels of x | taps, k | c | dy | filter |
 * | filterGradient | taps, c | pixels of y | k | x | dy |
 *
 * The gradient for x is a product for each phase of the stride, that is for the pixels that see the same taps of the
 * filter; so no products with zeros between the pixels of dy are computed (arXiv 1603.07285, section 4.6).
 *
 * A workgroup computes a tile of the result: all its threads copy tiles of both factors to memory that they share, then
 * each adds up 4 x 4 numbers. Long sums are split among workgroups, and a second shader adds them up in a fixed order.
 *
 * In fp16, factors are rounded to float16 after a multiplication by a power of two that brings the largest of each to
 * 16 up to 32, so that gradients do not vanish. Sums of as many products as a tile has along them are in float16, all
 * others in float32.
 */
import type {Shader} from '../dispatch.js';
import type {Precision} from '../findings.js';

export type Kind = 'forward' | 'inputGradient' | 'filterGradient';

/** What a workgroup computes, and how many numbers of each sum it has in shared memory at a time. */
export interface Tile {
  rows: number;
  columns: number;
  inner: number;
}

/** Threads of a workgroup. */
const threads = 256;
/** Rows and columns that a thread adds up. */
const side = 4;

/** 12 KiB of shared memory at most; all devices have 16. */
export const tiles: Record<'wide' | 'narrow', Tile> = {
  wide: {rows: 64, columns: 64, inner: 16},
  /** For few channels. */
  narrow: {rows: 256, columns: 16, inner: 8},
};

/** Numbers that the maxima of a factor are in: those of so many workgroups. */
export const maxima = 64;

const uniforms: Shader['uniforms'] = [
  ...['rows', 'inner', 'columns', 'phases', 'splitTiles', 'size', 'inHeight', 'inWidth', 'inChannels', 'outHeight'],
  ...['outWidth', 'outChannels', 'filterHeight', 'filterWidth', 'strideHeight', 'strideWidth', 'dilationHeight'],
  ...['dilationWidth', 'top', 'left'],
].map((name) => [name, 'i32'] as [string, 'i32']);

/** How a tile of a factor is copied: in fours of numbers next to each other. */
interface Copy {
  /** Lines of the tile: rows of a, or columns of b. */
  lines: number;
  /** Fours lie along the sum, else along the lines. */
  alongInner: boolean;
}

/** Fours that a thread copies, and WGSL: where the i-th of them is in the tile, and whether there is one. */
function shareOf({lines, alongInner}: Copy, tile: Tile) {
  const count = (lines * tile.inner) / 4;
  const fast = alongInner ? tile.inner / 4 : lines / 4; // fours next to each other in memory
  const at = `(thread + i * ${threads})`;
  return {
    each: Math.ceil(count / threads),
    line: alongInner ? `${at} / ${fast}` : `${at} % ${fast} * 4`,
    inner: alongInner ? `${at} % ${fast} * 4` : `${at} / ${fast}`,
    isThere: count % threads === 0 ? 'true' : `thread + i * ${threads} < ${count}`,
  };
}

/** WGSL: b and the result lie as matrices, row after row. */
const asMatrices = {
  b: `
fn placeInB(inner: i32, column: i32) -> i32 {
  if (inner >= uniforms.inner || column >= uniforms.columns) { return -1; }
  return inner * uniforms.columns + column;
}`,
  to: `
fn placeInResult(row: i32) -> i32 { return select(-1, row * uniforms.columns, row < uniforms.rows); }`,
};

/**
 * WGSL: where a kind finds its factors. `placeOf(row)` is what a thread remembers of a row that it copies. The places
 * of single numbers are `placeInA(place, inner)` and `placeInB(inner, column)`, that of a row of the result is
 * `placeInResult(row)`; -1 where there is nothing, or 0 is meant. `along`: numbers next to each other are of one sum.
 */
const reading: Record<Kind, {alongA: boolean; alongB: boolean; place: string; a: string; b: string; to: string}> = {
  forward: {
    alongA: true,
    alongB: false,
    place: `
fn placeOf(row: i32) -> Place {
  let pixel = row / uniforms.outWidth;
  return Place(
    row < uniforms.rows,
    pixel / uniforms.outHeight,
    pixel % uniforms.outHeight * uniforms.strideHeight - uniforms.top,
    row % uniforms.outWidth * uniforms.strideWidth - uniforms.left,
  );
}`,
    a: `
fn placeInA(place: Place, inner: i32) -> i32 {
  let tap = inner / uniforms.inChannels;
  let y = place.y + tap / uniforms.filterWidth * uniforms.dilationHeight;
  let x = place.x + tap % uniforms.filterWidth * uniforms.dilationWidth;
  if (!place.inside || inner >= uniforms.inner || y < 0 || y >= uniforms.inHeight || x < 0 || x >= uniforms.inWidth) { return -1; }
  return ((place.image * uniforms.inHeight + y) * uniforms.inWidth + x) * uniforms.inChannels + inner % uniforms.inChannels;
}`,
    ...asMatrices,
  },
  inputGradient: {
    alongA: true,
    alongB: true,
    place: `
/** Pixels of x in this phase, the first tap that they see, how many taps, and where in dy the first tap finds them. */
var<private> phaseHeight: i32;
var<private> phaseWidth: i32;
var<private> firstTap: vec2i;
var<private> taps: vec2i;
var<private> origin: vec2i;
var<private> phase: vec2i;
fn enterPhase(number: i32) {
  phase = vec2i(number / uniforms.strideWidth, number % uniforms.strideWidth);
  phaseHeight = (uniforms.inHeight - phase.x + uniforms.strideHeight - 1) / uniforms.strideHeight;
  phaseWidth = (uniforms.inWidth - phase.y + uniforms.strideWidth - 1) / uniforms.strideWidth;
  let stride = vec2i(uniforms.strideHeight, uniforms.strideWidth);
  let padded = phase + vec2i(uniforms.top, uniforms.left);
  firstTap = padded % stride;
  origin = padded / stride;
  taps = max((vec2i(uniforms.filterHeight, uniforms.filterWidth) - firstTap + stride - 1) / stride, vec2i(0));
}
fn rowsOfPhase() -> i32 { return uniforms.rows / (uniforms.inHeight * uniforms.inWidth) * phaseHeight * phaseWidth; }
fn placeOf(row: i32) -> Place {
  let pixel = row / phaseWidth;
  return Place(
    row < rowsOfPhase(),
    pixel / phaseHeight,
    pixel % phaseHeight + origin.x,
    row % phaseWidth + origin.y,
  );
}`,
    a: `
fn placeInA(place: Place, inner: i32) -> i32 {
  let tap = inner / uniforms.outChannels;
  let y = place.y - tap / taps.y;
  let x = place.x - tap % taps.y;
  if (!place.inside || tap >= taps.x * taps.y || y < 0 || y >= uniforms.outHeight || x < 0 || x >= uniforms.outWidth) { return -1; }
  return ((place.image * uniforms.outHeight + y) * uniforms.outWidth + x) * uniforms.outChannels + inner % uniforms.outChannels;
}`,
    b: `
fn placeInB(inner: i32, column: i32) -> i32 {
  let number = inner / uniforms.outChannels;
  if (number >= taps.x * taps.y || column >= uniforms.columns) { return -1; }
  let tap = firstTap + vec2i(number / taps.y, number % taps.y) * vec2i(uniforms.strideHeight, uniforms.strideWidth);
  return ((tap.x * uniforms.filterWidth + tap.y) * uniforms.columns + column) * uniforms.outChannels + inner % uniforms.outChannels;
}`,
    to: `
fn placeInResult(row: i32) -> i32 {
  let pixel = row / phaseWidth;
  let y = pixel % phaseHeight * uniforms.strideHeight + phase.x;
  let x = row % phaseWidth * uniforms.strideWidth + phase.y;
  let at = ((pixel / phaseHeight * uniforms.inHeight + y) * uniforms.inWidth + x) * uniforms.columns;
  return select(-1, at, row < rowsOfPhase());
}`,
  },
  filterGradient: {
    alongA: false,
    alongB: false,
    place: `
/** Of a tap and a channel: whether there is one, the channel, and the tap. */
fn placeOf(row: i32) -> Place {
  let tap = row / uniforms.inChannels;
  return Place(
    row < uniforms.rows,
    row % uniforms.inChannels,
    tap / uniforms.filterWidth * uniforms.dilationHeight - uniforms.top,
    tap % uniforms.filterWidth * uniforms.dilationWidth - uniforms.left,
  );
}`,
    a: `
fn placeInA(place: Place, inner: i32) -> i32 {
  let pixel = inner / uniforms.outWidth;
  let y = place.y + pixel % uniforms.outHeight * uniforms.strideHeight;
  let x = place.x + inner % uniforms.outWidth * uniforms.strideWidth;
  if (!place.inside || inner >= uniforms.inner || y < 0 || y >= uniforms.inHeight || x < 0 || x >= uniforms.inWidth) { return -1; }
  return ((pixel / uniforms.outHeight * uniforms.inHeight + y) * uniforms.inWidth + x) * uniforms.inChannels + place.image;
}`,
    ...asMatrices,
  },
};

/** WGSL: the power of two that brings the largest of a factor to 16 up to 32, and its inverse. */
const scaling = `
fn exponentOf(largest: f32) -> i32 {
  return clamp(131 - i32(bitcast<u32>(largest) >> 23), -126, 126);
}
fn powerOfTwo(exponent: i32) -> f32 { return bitcast<f32>(u32(exponent + 127) << 23); }`;

/** WGSL: the largest of a vector, or the number itself. */
const largestOf = {
  f32: 'fn largestOf(z: f32) -> f32 { return z; }',
  vec4f: 'fn largestOf(z: vec4f) -> f32 { return max(max(z.x, z.y), max(z.z, z.w)); }',
};

/**
 * One of the three products. Workgroups: tiles of rows, tiles of columns, phases times splits. The result of split i
 * begins at i times `size`.
 * @param element that of all arrays: vec4f where both numbers of channels are multiples of four
 */
export function product(kind: Kind, element: 'f32' | 'vec4f', name: keyof typeof tiles, precision: Precision): Shader {
  const tile = tiles[name];
  const {alongA, alongB, place, a, b, to} = reading[kind];
  const isHalf = precision === 'fp16';
  const four = isHalf ? 'vec4h' : 'vec4f';
  const ofA = shareOf({lines: tile.rows, alongInner: alongA}, tile);
  const ofB = shareOf({lines: tile.columns, alongInner: alongB}, tile);
  const across = tile.columns / side;
  /** Numbers of the array that are read, and places that are remembered, for a four. */
  const lanes = element === 'vec4f' ? 1 : 4;
  const placesEach = alongA ? 1 : lanes;
  /** WGSL: a four of a factor, whose numbers, or the first of four next to each other, are at `placeAt('j')`. */
  const read = (array: string, placeAt: string): string =>
    element === 'vec4f'
      ? `{ let j = 0; let at = ${placeAt}; if (at >= 0) { value = ${array}[at / 4]; } }`
      : `for (var j = 0; j < 4; j++) { let at = ${placeAt}; if (at >= 0) { value[j] = ${array}[at]; } }`;
  const copy = (array: 'a' | 'b', {each, isThere, line, inner}: typeof ofA, placeAt: string, to: string): string => `
    for (var i = 0; i < ${each}; i++) {
      if (${isThere}) {
        let line = ${line};
        let inner = ${inner};
        var value = vec4f(0);
        ${read(array, placeAt)}
        ${to} = ${isHalf ? `vec4h(value * scale_${array})` : 'value'};
      }
    }`;
  const kept = (tileName: string, along: boolean, line: string, inner: string): string =>
    along ? `${tileName}[${line}][(${inner}) / 4]` : `${tileName}[${inner}][(${line}) / 4]`;
  /** WGSL: for each of the rows, or of the numbers along the sum. */
  const four4 = (code: (i: number) => string, between = '\n      '): string => [0, 1, 2, 3].map(code).join(between);
  const sum = isHalf ? 'part' : 'sum';
  const axis = (i: number): string => 'xyzw'[i]!;
  const multiply = (row: number): string => {
    if (alongB) return `${four}(${four4((k) => `dot(a${row}, b${k})`, ', ')})`;
    return four4((k) => (alongA ? `a${row}.${axis(k)} * b${k}` : `a${k}.${axis(row)} * b${k}`), ' + ');
  };
  return {
    name: `Conv ${kind} ${element} ${name} ${precision}`,
    ...(isHalf && {enable: 'f16' as const}),
    element,
    writes: ['result'],
    reads: ['a', 'b', ...(isHalf ? ['maxima_a', 'maxima_b'] : [])],
    uniforms,
    code: `
struct Place { inside: bool, image: i32, y: i32, x: i32 };
${place}${a}${b}${to}
${isHalf ? `${scaling}\n${largestOf[element]}` : ''}
var<workgroup> tileA: array<array<${four}, ${(alongA ? tile.inner : tile.rows) / 4}>, ${alongA ? tile.rows : tile.inner}>;
var<workgroup> tileB: array<array<${four}, ${(alongB ? tile.inner : tile.columns) / 4}>, ${alongB ? tile.columns : tile.inner}>;

@compute @workgroup_size(${threads})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
  let thread = i32(local);
  let split = i32(group.z) / uniforms.phases;
  ${kind === 'inputGradient' ? 'enterPhase(i32(group.z) % uniforms.phases);' : ''}
  let firstRow = i32(group.x) * ${tile.rows};
  let firstColumn = i32(group.y) * ${tile.columns};
  ${isHalf ? ['a', 'b'].map(scaleOf).join('') : ''}
  var places: array<Place, ${ofA.each * placesEach}>;
  for (var i = 0; i < ${ofA.each}; i++) {
    for (var j = 0; j < ${placesEach}; j++) { places[i * ${placesEach} + j] = placeOf(firstRow + ${ofA.line} + j); }
  }
  let row = thread / ${across} * ${side};
  let column = thread % ${across} * ${side};
  ${four4((i) => `var sum${i} = vec4f(0);`)}
  for (var step = 0; step < uniforms.splitTiles; step++) {
    let start = (split * uniforms.splitTiles + step) * ${tile.inner};
    ${copy(
      'a',
      ofA,
      alongA ? 'placeInA(places[i], start + inner + j)' : `placeInA(places[i * ${placesEach} + j], start + inner)`,
      kept('tileA', alongA, 'line', 'inner'),
    )}
    ${copy(
      'b',
      ofB,
      alongB ? 'placeInB(start + inner + j, firstColumn + line)' : 'placeInB(start + inner, firstColumn + line + j)',
      kept('tileB', alongB, 'line', 'inner'),
    )}
    workgroupBarrier();
    ${isHalf ? four4((i) => `var part${i} = vec4h(0);`) : ''}
    for (var k = 0; k < ${tile.inner}; k += 4) {
      ${four4((i) => `let a${i} = ${alongA ? kept('tileA', true, `row + ${i}`, 'k') : kept('tileA', false, 'row', `k + ${i}`)};`)}
      ${four4((i) => `let b${i} = ${alongB ? kept('tileB', true, `column + ${i}`, 'k') : kept('tileB', false, 'column', `k + ${i}`)};`)}
      ${four4((i) => `${sum}${i} += ${multiply(i)};`)}
    }
    ${isHalf ? four4((i) => `sum${i} += vec4f(part${i});`) : ''}
    workgroupBarrier();
  }
  let sums = array(sum0, sum1, sum2, sum3);
  for (var i = 0; i < 4; i++) {
    let at = placeInResult(firstRow + row + i);
    if (at < 0) { continue; }
    let value = sums[i]${isHalf ? ' * powerOfTwo(-exponentOf(largest_a)) * powerOfTwo(-exponentOf(largest_b))' : ''};
    let to = split * uniforms.size + at + firstColumn + column;
    ${
      element === 'vec4f'
        ? 'if (firstColumn + column < uniforms.columns) { result[to / 4] = value; }'
        : 'for (var j = 0; j < 4; j++) { if (firstColumn + column + j < uniforms.columns) { result[to + j] = value[j]; } }'
    }
  }
}`,
  };
}

/** WGSL: the scale of a factor in float16. */
const scaleOf = (array: string): string => `
  var largest_${array} = largestOf(maxima_${array}[0]);
  for (var i = 1; i < ${maxima}; i++) { largest_${array} = max(largest_${array}, largestOf(maxima_${array}[i])); }
  let scale_${array} = powerOfTwo(exponentOf(largest_${array}));`;

/** The largest magnitude of what each of `maxima` workgroups reads of x. */
export const largest = (element: 'f32' | 'vec4f'): Shader => ({
  name: `Largest ${element}`,
  element,
  writes: ['y'],
  reads: ['x'],
  uniforms: [['count', 'i32']],
  code: `
var<workgroup> found: array<${element}, ${threads}>;
@compute @workgroup_size(${threads})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
  var mine = ${element}(0);
  for (var i = i32(group.x * ${threads} + local); i < uniforms.count; i += ${maxima * threads}) {
    mine = max(mine, abs(x[i]));
  }
  found[local] = mine;
  for (var step = ${threads / 2}u; step > 0; step /= 2) {
    workgroupBarrier();
    if (local < step) { found[local] = max(found[local], found[local + step]); }
  }
  if (local == 0) { y[group.x] = found[0]; }
}`,
});
