/**
 * The shaders of batch normalisation, three for the layer and three for its gradient. x counts as [rows, channels]. The
 * first sums up blocks of rows, the second puts the blocks together, always in the same order, and the third goes over
 * the elements.
 */
import {threadForEach, type Shader} from '../dispatch.js';
import {activated} from './activation.js';

/** A workgroup has so many channels, and so many rows of its block at a time. */
export const side = 16;

/** WGSL: the head of an entry point with a thread for each channel and one of `side` shares of the rows or blocks. */
const threadForChannels = `
@compute @workgroup_size(${side}, ${side})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) local: vec3u) {
  let channels = u32(uniforms.channels);
  let channel = group.x * ${side} + local.x;
  let isChannel = channel < channels;
  let first = group.y * u32(uniforms.blockRows);
  let end = min(first + u32(uniforms.blockRows), u32(uniforms.rows));`;

/** WGSL: adds up or merges the shares of a channel, pair by pair; the result is in the first. */
const combineShares = (combine: string): string => `
  for (var step = ${side / 2}u; step > 0; step /= 2) {
    workgroupBarrier();
    if (local.y < step) { shares[local.y][local.x] = ${combine}(shares[local.y][local.x], shares[local.y + step][local.x]); }
  }
  workgroupBarrier();`;

const add2 = 'fn add2(a: vec2f, b: vec2f) -> vec2f { return a + b; }';

export const moments: Shader = {
  name: 'BatchNormMoments',
  element: 'f32',
  writes: ['partial'],
  reads: ['x'],
  uniforms: [
    ['rows', 'i32'],
    ['channels', 'i32'],
    ['blockRows', 'i32'],
  ],
  // The mean of the block first, then squares of distances from it: nothing is lost where the mean is large.
  code: `
var<workgroup> shares: array<array<f32, ${side}>, ${side}>;
fn add(a: f32, b: f32) -> f32 { return a + b; }
${threadForChannels}
  var sum = 0.0;
  if (isChannel) { for (var row = first + local.y; row < end; row += ${side}) { sum += x[row * channels + channel]; } }
  shares[local.y][local.x] = sum;
  ${combineShares('add')}
  let mean = shares[0][local.x] / f32(end - first);
  workgroupBarrier();
  var squares = 0.0;
  if (isChannel) {
    for (var row = first + local.y; row < end; row += ${side}) {
      let deviation = x[row * channels + channel] - mean;
      squares += deviation * deviation;
    }
  }
  shares[local.y][local.x] = squares;
  ${combineShares('add')}
  if (isChannel && local.y == 0) {
    partial[2 * group.y * channels + channel] = mean;
    partial[(2 * group.y + 1) * channels + channel] = shares[0][local.x];
  }
}`,
};

/** @see Chan, Golub and LeVeque, "Updating formulae and a pairwise algorithm for computing sample variances", 1979 */
export const combineMoments: Shader = {
  name: 'BatchNormCombineMoments',
  element: 'f32',
  writes: ['mean', 'variance'],
  reads: ['partial'],
  uniforms: [
    ['rows', 'i32'],
    ['channels', 'i32'],
    ['blockRows', 'i32'],
    ['blocks', 'i32'],
  ],
  code: `
/** How many there are, their mean, and the sum of their squared distances from it. */
var<workgroup> shares: array<array<vec3f, ${side}>, ${side}>;
fn merge(a: vec3f, b: vec3f) -> vec3f {
  let count = a.x + b.x;
  if (count == 0.0) { return a; }
  let distance = b.y - a.y;
  return vec3f(count, a.y + distance * (b.x / count), a.z + b.z + distance * distance * a.x * (b.x / count));
}
${threadForChannels}
  var all = vec3f(0);
  if (isChannel) {
    for (var block = local.y; block < u32(uniforms.blocks); block += ${side}) {
      let count = min(uniforms.blockRows, uniforms.rows - i32(block) * uniforms.blockRows);
      all = merge(all, vec3f(f32(count), partial[2 * block * channels + channel], partial[(2 * block + 1) * channels + channel]));
    }
  }
  shares[local.y][local.x] = all;
  ${combineShares('merge')}
  if (isChannel && local.y == 0) {
    mean[channel] = shares[0][local.x].y;
    variance[channel] = shares[0][local.x].z / f32(uniforms.rows);
  }
}`,
};

export const normalize: Shader = {
  name: 'BatchNormNormalize',
  element: 'vec4f',
  writes: ['y'],
  reads: ['x', 'weight', 'bias', 'mean', 'variance'],
  uniforms: [
    ['count', 'i32'],
    ['lanes', 'i32'],
    ['eps', 'f32'],
    ['slope', 'f32'],
  ],
  code: `${activated('vec4f')}
${threadForEach}
  if (i >= u32(uniforms.count)) { return; }
  let c = i % u32(uniforms.lanes);
  let z = (x[i] - mean[c]) * (weight[c] * inverseSqrt(variance[c] + uniforms.eps)) + bias[c];
  y[i] = activated(z, uniforms.slope);
}`,
};

export const gradientSums: Shader = {
  name: 'BatchNormGradientSums',
  element: 'f32',
  writes: ['partial'],
  reads: ['x', 'dy', 'weight', 'bias', 'mean', 'variance'],
  uniforms: [
    ['rows', 'i32'],
    ['channels', 'i32'],
    ['blockRows', 'i32'],
    ['eps', 'f32'],
    ['slope', 'f32'],
  ],
  // Of dz, which is dy through the activation, and of dz times the normalised x.
  code: `
var<workgroup> shares: array<array<vec2f, ${side}>, ${side}>;
${add2}
${threadForChannels}
  var sums = vec2f(0);
  if (isChannel) {
    let inverse = inverseSqrt(variance[channel] + uniforms.eps);
    for (var row = first + local.y; row < end; row += ${side}) {
      let at = row * channels + channel;
      let deviation = x[at] - mean[channel];
      let z = deviation * (weight[channel] * inverse) + bias[channel];
      let dz = select(dy[at] * uniforms.slope, dy[at], z > 0);
      sums += vec2f(dz, dz * deviation);
    }
    sums.y *= inverse;
  }
  shares[local.y][local.x] = sums;
  ${combineShares('add2')}
  if (isChannel && local.y == 0) {
    partial[2 * group.y * channels + channel] = shares[0][local.x].x;
    partial[(2 * group.y + 1) * channels + channel] = shares[0][local.x].y;
  }
}`,
};

/**
 * Its last result has what the third shader needs of a channel, since a shader may bind eight tensors on every device.
 */
export const combineGradientSums: Shader = {
  name: 'BatchNormCombineGradientSums',
  element: 'f32',
  writes: ['dWeight', 'dBias', 'factors'],
  reads: ['partial', 'weight', 'bias', 'mean', 'variance'],
  uniforms: [
    ['rows', 'i32'],
    ['channels', 'i32'],
    ['blockRows', 'i32'],
    ['blocks', 'i32'],
    ['eps', 'f32'],
  ],
  code: `
var<workgroup> shares: array<array<vec2f, ${side}>, ${side}>;
${add2}
${threadForChannels}
  var sums = vec2f(0);
  if (isChannel) {
    for (var block = local.y; block < u32(uniforms.blocks); block += ${side}) {
      sums += vec2f(partial[2 * block * channels + channel], partial[(2 * block + 1) * channels + channel]);
    }
  }
  shares[local.y][local.x] = sums;
  ${combineShares('add2')}
  if (isChannel && local.y == 0) {
    let all = shares[0][local.x];
    let inverse = inverseSqrt(variance[channel] + uniforms.eps);
    dBias[channel] = all.x;
    dWeight[channel] = all.y;
    factors[channel] = mean[channel];
    factors[channels + channel] = inverse;
    factors[2 * channels + channel] = weight[channel] * inverse;
    factors[3 * channels + channel] = bias[channel];
    factors[4 * channels + channel] = all.x / f32(uniforms.rows);
    factors[5 * channels + channel] = all.y / f32(uniforms.rows);
  }
}`,
};

export const gradient: Shader = {
  name: 'BatchNormGradient',
  element: 'vec4f',
  writes: ['dx'],
  reads: ['x', 'dy', 'factors'],
  uniforms: [
    ['count', 'i32'],
    ['lanes', 'i32'],
    ['slope', 'f32'],
  ],
  code: `${threadForEach}
  if (i >= u32(uniforms.count)) { return; }
  let lanes = u32(uniforms.lanes);
  let c = i % lanes;
  let deviation = x[i] - factors[c];
  let scale = factors[2 * lanes + c];
  let z = deviation * scale + factors[3 * lanes + c];
  let dz = select(dy[i] * uniforms.slope, dy[i], z > vec4f(0));
  dx[i] = (dz - factors[4 * lanes + c] - deviation * factors[lanes + c] * factors[5 * lanes + c]) * scale;
}`,
};
