import {readFileSync} from 'node:fs';
import {expect} from 'chai';
import {Rng, setSeed, type Module} from 'gankit';
import {buildNetwork} from '../../../dist/testing/golden/python-call.js';
import {withDevice} from '../../device.js';

/** Statistics of one tensor of fastai's networks over 20 seeds: means of what is inside it, extremes over all seeds. */
interface Recorded {
  name: string;
  kind: string;
  shape: number[];
  mean: number;
  mean_sd_over_seeds: number;
  std: number;
  std_sd_over_seeds: number;
  min: number;
  max: number;
  kurtosis: number | null;
}

const {nets} = JSON.parse(
  readFileSync(new URL('../../golden/recordings/init_stats.json', import.meta.url), 'utf8'),
) as {nets: Record<string, {total_parameters: number; tensors: Recorded[]}>};

interface Statistics {
  count: number;
  mean: number;
  std: number;
  kurtosis: number;
  min: number;
  max: number;
}

function statistics(data: Float32Array): Statistics {
  const count = data.length;
  let [sum, min, max] = [0, Infinity, -Infinity];
  for (const value of data) {
    sum += value;
    if (value < min) min = value;
    if (value > max) max = value;
  }
  const mean = sum / count;
  let [second, fourth] = [0, 0];
  for (const value of data) {
    const square = (value - mean) ** 2;
    second += square;
    fourth += square * square;
  }
  return {
    count,
    mean,
    std: Math.sqrt(second / Math.max(count - 1, 1)),
    kurtosis: fourth / count / (second / count) ** 2,
    min,
    max,
  };
}

/**
 * Bounds: for n values of standard deviation s the mean scatters by s / sqrt(n), the standard deviation by about
 * s sqrt((k - 1) / 4n) with kurtosis k, the kurtosis by less than 5 / sqrt(n); five of each are allowed, and as much
 * again for the recording.
 */
function compare(name: string, got: Statistics, recorded: Recorded): void {
  const {count, mean, std, kurtosis, min, max} = got;
  if (recorded.min === recorded.max) {
    expect([min, max], `${name}: constant`).to.deep.equal([recorded.min, recorded.max]);
    return;
  }
  if (count < 30 || recorded.kurtosis === null) return; // too few for statistics
  const scatter = 7 / Math.sqrt(count);
  expect(mean, `${name}: mean`).to.be.closeTo(recorded.mean, scatter * recorded.std);
  expect(std, `${name}: standard deviation`).to.be.closeTo(recorded.std, scatter * recorded.std * 0.75);
  const isUniform = Math.abs(recorded.kurtosis - 1.8) < 0.1;
  expect(kurtosis, `${name}: kurtosis`).to.be.closeTo(isUniform ? 1.8 : 3, 5 * scatter + 0.002);
  if (!isUniform) return;
  // uniform: never beyond the bound, which is sqrt(3) standard deviations and the extreme of 20 draws of torch; near it
  // with many values
  const bound = Math.max(recorded.max, -recorded.min);
  expect(Math.max(max, -min), `${name}: extreme`).to.be.within(
    bound * (1 - 15 / count),
    bound * (1 + 1 / count) + 1e-7,
  );
}

describe('initial values against 20 seeds of fastai', () => {
  withDevice();

  for (const [build, {total_parameters, tensors}] of Object.entries(nets)) {
    it(build, async () => {
      setSeed(new Rng(build).uint32());
      const net: Module = buildNetwork(build);
      expect(net.parameterCount()).to.equal(total_parameters);
      const state = await net.stateDict();
      const names = [...net.namedParameters(), ...net.namedBuffers()].map(([name]) => name);
      const listed = tensors.filter(({name}) => !name.includes('num_batches')); // whole numbers have no statistics
      expect(names.map((name) => `${name} [${state.get(name)!.shape.join()}]`)).to.deep.equal(
        listed.map(({name, shape}) => `${name} [${shape.join()}]`),
      );
      for (const recorded of listed) {
        compare(recorded.name, statistics(state.get(recorded.name)!.data as Float32Array), recorded);
      }
    });
  }
});
