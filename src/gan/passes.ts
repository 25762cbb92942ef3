import {GanError} from '../errors.js';
import {tf, type Tensor} from '../backends/tf.js';
import {rowsOfRank, type PassShare, type Shard} from './shard.js';

/**
 * One of the passes in which a step computes its gradients, each with some of its images. They are added up before the
 * one update of the step (gradient accumulation), so that a step needs the memory of a pass.
 */
export interface Pass {
  /** From 0, in the order of the images. */
  readonly index: number;
  readonly count: number;
  /** Of the step's images, those of this pass: losses are means, so the step's loss is their sum by these weights. */
  readonly share: number;
}

/** A step in one. */
export const wholeStep: Pass = {index: 0, count: 1, share: 1};

/** What a pass leaves; all are the step's, or its share of the step's. */
export interface PassResult {
  pred: Tensor;
  loss: Tensor;
  terms: Readonly<Record<string, Tensor>>;
}

/** @throws GanError GAN_ARGUMENT unless it is a whole number of at least 1 */
export function assertPasses(accumulate: number): void {
  if (Number.isInteger(accumulate) && accumulate >= 1) return;
  throw new GanError('usage', 'GAN_ARGUMENT', `accumulate is ${accumulate}, wanted a whole number >= 1`);
}

/** A pass, and the rows of the step's tensors that it computes. */
export interface PassRows extends Pass {
  from: number;
  size: number;
  /** Its images among those that all processes compute in this pass. */
  of: PassShare;
}

/**
 * The passes over `images` images, and the rows of each.
 * @param size images in a pass, at most
 * @param shard where several processes share each pass: the rows are this one's
 */
export function passesOver(images: number, size: number, shard: Shard = {rank: 0, size: 1}): PassRows[] {
  const count = Math.ceil(images / size);
  let from = 0;
  return Array.from({length: count}, (_, index) => {
    const total = Math.min(size, images - index * size);
    const rows = rowsOfRank(total, shard);
    const pass = {
      index,
      count,
      share: (rows.share * total) / images,
      from,
      size: rows.count,
      of: {...rows, total},
    };
    from += rows.count;
    return pass;
  });
}

/** Rows `from` to `from + size` of a tensor. */
export const rowsOf = (tensor: Tensor, from: number, size: number): Tensor =>
  tf.slice(tensor, [from, ...tensor.shape.slice(1).map(() => 0)], [size, ...tensor.shape.slice(1)]);

/** What the passes of a step leave, put together: predictions behind each other, losses and terms added up. */
export function joinPasses(results: readonly PassResult[]): PassResult {
  const sum = (of: (result: PassResult) => Tensor): Tensor =>
    tf.tidy(() => (results.length === 1 ? tf.clone(of(results[0]!)) : results.map(of).reduce((a, b) => tf.add(a, b))));
  return {
    pred: tf.concat(results.map(({pred}) => pred)),
    loss: sum(({loss}) => loss),
    terms: Object.fromEntries(Object.keys(results[0]!.terms).map((name) => [name, sum(({terms}) => terms[name]!)])),
  };
}
