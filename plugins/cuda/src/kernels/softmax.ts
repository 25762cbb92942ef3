import type {SoftmaxAttrs, SoftmaxInputs} from '@tensorflow/tfjs-core';
import {pointer} from './args.js';
import {toType} from './cast.js';
import {shapeArg, teamArg, teamFor, threads} from './geometry.js';
import {kernel, result, sizeOf, view} from './kernel.js';
import {source} from './source.js';

const variant = source('softmax');

/** tfjs takes it along the last axis only. */
export const softmax = kernel<SoftmaxInputs, SoftmaxAttrs>('Softmax', ({logits}, _attrs, context) => {
  const x = toType(context, view(context.gpu, logits), 'float32');
  const y = result(context.gpu, logits.shape, 'float32');
  const length = logits.shape.at(-1) ?? 1;
  const shape = {outer: sizeOf(logits.shape) / Math.max(length, 1), length, inner: 1};
  const team = teamFor(shape, context.gpu.card, false);
  context.gpu.launch({
    source: variant,
    entry: 'softmax',
    grid: team.grid,
    block: [threads, 1, 1],
    args: [pointer(x), pointer(y), shapeArg(shape), teamArg(team)],
  });
  return y.info;
});
