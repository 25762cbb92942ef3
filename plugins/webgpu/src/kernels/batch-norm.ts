import type {TensorInfo} from '@tensorflow/tfjs-core';
import {dispatch, float, int, workgroupsFor, type Shader, type Uniforms} from '../dispatch.js';
import type {Context, Kernel} from '../kernel.js';
import {
  combineGradientSums,
  combineMoments,
  gradient,
  gradientSums,
  moments,
  normalize,
  side,
} from './batch-norm-shaders.js';

/** Rows of a block, at least, and blocks, at most: what the second shader goes through in a few steps. */
const leastRows = 256;
const mostBlocks = 512;

type Inputs = Record<'x' | 'weight' | 'bias' | 'dy' | 'mean' | 'variance', TensorInfo>;

/** The common start of both kernels: the sizes, and the attributes as uniforms. */
function plan({x, weight}: Inputs, {backend, attrs}: Context) {
  const channels = weight.shape[0]!;
  const count = x.shape.reduce((product, n) => product * n, 1);
  const rows = count / channels;
  const blockRows = Math.max(leastRows, Math.ceil(rows / mostBlocks));
  const blocks = Math.ceil(rows / blockRows);
  const columns = Math.ceil(channels / side);
  const tensor = (shape: number[]): TensorInfo => backend.makeTensorInfo(shape, 'float32');
  const uniforms: Uniforms = {
    rows: int(rows),
    channels: int(channels),
    blockRows: int(blockRows),
    blocks: int(blocks),
    count: int(count / 4),
    lanes: int(channels / 4),
    eps: float(attrs['eps'] as number),
    slope: float(attrs['slope'] as number),
  };
  return {
    vector: () => tensor([channels]),
    like: () => tensor(x.shape),
    partial: () => tensor([blocks, 2, channels]),
    factors: () => tensor([6, channels]),
    run(shader: Shader, reads: TensorInfo[], writes: TensorInfo[]): void {
      const workgroups =
        shader.element === 'vec4f'
          ? workgroupsFor(count / 4, backend)
          : ([columns, shader.writes[0] === 'partial' ? blocks : 1] as const);
      dispatch(backend, shader, {reads, writes, uniforms, workgroups});
    },
  };
}

const trainBatchNorm: Kernel = {
  name: 'TrainBatchNorm',
  compute(inputs, context) {
    const {x, weight, bias} = inputs as unknown as Inputs;
    const {run, vector, like, partial: makePartial} = plan(inputs as unknown as Inputs, context);
    const [y, mean, variance, partial] = [like(), vector(), vector(), makePartial()];
    run(moments, [x], [partial]);
    run(combineMoments, [partial], [mean, variance]);
    run(normalize, [x, weight, bias, mean, variance], [y]);
    context.backend.disposeData(partial.dataId);
    return [y, mean, variance];
  },
};

const trainBatchNormGrad: Kernel = {
  name: 'TrainBatchNormGrad',
  compute(inputs, context) {
    const {x, weight, bias, dy, mean, variance} = inputs as unknown as Inputs;
    const {run, vector, like, partial: makePartial, factors: makeFactors} = plan(inputs as unknown as Inputs, context);
    const [dx, dWeight, dBias, partial, factors] = [like(), vector(), vector(), makePartial(), makeFactors()];
    run(gradientSums, [x, dy, weight, bias, mean, variance], [partial]);
    run(combineGradientSums, [partial, weight, bias, mean, variance], [dWeight, dBias, factors]);
    run(gradient, [x, dy, factors], [dx]);
    context.backend.disposeData(partial.dataId);
    context.backend.disposeData(factors.dataId);
    return [dx, dWeight, dBias];
  },
};

/**
 * Batch normalisation in training mode with a (leaky) ReLU after it, and its gradient (see
 * src/backends/fused/batch-norm.ts of gan).
 */
export const batchNormKernels: readonly Kernel[] = [trainBatchNorm, trainBatchNormGrad];
