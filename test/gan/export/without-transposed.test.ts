import {expect} from 'chai';
import fc from 'fast-check';
import {Conv, Rng, tf, type Tensor} from 'gankit';
import type {Graph, Id} from '../../../dist/gan/export/graph.js';
import {runGraph} from '../../../dist/gan/export/run-graph.js';
import {graphOf} from '../../../dist/gan/export/traced-network.js';
import {withoutTransposed} from '../../../dist/gan/export/without-transposed.js';
import {withDevice} from '../../device.js';
import {expectNear} from './helpers.js';

const run = (graph: Graph, x: Tensor): Float32Array => {
  const constants = new Map<Id, Tensor>(
    [...graph.constants].map(([id, {data, shape}]) => [id, tf.tensor(data, shape)]),
  );
  return runGraph(tf.engine(), graph, constants, x).dataSync() as Float32Array;
};

describe('transposed convolutions as convolutions', () => {
  withDevice();

  it('compute the same, whatever kernel, stride, padding and output padding', async () => {
    let replaced = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.integer({min: 1, max: 5}),
        fc.integer({min: 1, max: 3}),
        fc.nat(2),
        fc.nat(2),
        fc.integer({min: 2, max: 4}),
        async (kernelSize, stride, padding, more, side) => {
          const outputPadding = Math.min(more, stride - 1);
          if ((side - 1) * stride - 2 * padding + kernelSize + outputPadding < 1) return;
          const conv = new Conv(3, 2, {
            kernelSize,
            stride,
            padding,
            outputPadding,
            transposed: true,
            rng: new Rng(1),
          }).eval();
          const graph = await graphOf(conv, [side, side + 1, 3]);
          const other = withoutTransposed(graph);
          if (other.nodes.every(({kernel}) => kernel !== 'Conv2DBackpropInput')) replaced++;
          const x = tf.tensor(new Rng(2).normal(2 * side * (side + 1) * 3), [2, side, side + 1, 3]);
          expectNear(
            run(other, x),
            run(graph, x),
            `kernel ${kernelSize}, stride ${stride}, padding ${padding}, output padding ${outputPadding}`,
          );
        },
      ),
      {numRuns: 60},
    );
    expect(replaced, 'how many were replaced').to.be.above(20);
  });

  it('are taken in a generator of stride 2', async () => {
    const conv = new Conv(8, 4, {kernelSize: 4, stride: 2, padding: 1, transposed: true, bias: false}).eval();
    expect(withoutTransposed(await graphOf(conv, [4, 4, 8])).nodes.map(({kernel}) => kernel)).to.deep.equal([
      'Conv2D',
      'DepthToSpace',
    ]);
  });
});
