import path from 'node:path';
import {expect} from 'chai';
import {readSafetensors} from 'gankit';
import {gan, jsonLines} from '../commands/helpers.js';
import {newest} from '../runs/helpers.js';
import {folder, removeFolders} from '../plugin/helpers.js';
import {linkedIn, runTool, thirdParty} from './third-party.js';
import {needsAddon} from './native/support.js';
import {needsAdapter, plugin} from './webgpu/support.js';

/** Ten times closer than what is promised, and ten times further than what was measured (4e-6). */
const tolerance = 1e-4;

const settings = [
  '--size',
  '16',
  '--batch-size',
  '4',
  '--steps',
  '20',
  '--seed',
  '3',
  '--set',
  'arch.nFeatures=4',
  '--set',
  'latent=8',
  '--set',
  'sampleEvery=0',
];

interface Training {
  losses: number[];
  /** Networks, averages and states of the optimiser. */
  tensors: Map<string, number[]>;
}

/** Twenty steps by the command line. */
async function train(recipe: string, backend: string, env: Record<string, string>): Promise<Training> {
  const cwd = folder();
  const {code, stdout, stderr} = await gan(
    ['fit', '--recipe', recipe, '--backend', backend, ...settings, '--out', 'run', '--json'],
    {cwd, env},
  );
  expect(code, stderr).to.equal(0);
  const steps = jsonLines(stdout).filter(({type}) => type === 'step');
  const {tensors} = await readSafetensors(
    path.join(newest(path.join(cwd, 'run'), 'checkpoints'), 'tensors.safetensors'),
  );
  const floats = [...tensors].filter(([, {data}]) => data instanceof Float32Array);
  return {
    losses: steps.map(({loss}) => Number(loss)),
    tensors: new Map(floats.map(([name, {data}]) => [name, Array.from(data as Float32Array)])),
  };
}

/**
 * The largest distance between two trainings: of each loss to itself, of each value of a tensor to the largest of that
 * tensor.
 */
function distance(got: Training, wanted: Training): number {
  expect(got.losses).to.have.length(20);
  expect([...got.tensors.keys()]).to.deep.equal([...wanted.tensors.keys()]);
  const losses = wanted.losses.map((loss, i) => Math.abs(got.losses[i]! - loss) / Math.abs(loss));
  const tensors = [...wanted.tensors].flatMap(([name, values]) => {
    const largest = values.reduce((max, value) => Math.max(max, Math.abs(value)), 1e-12);
    return values.map((value, i) => Math.abs(got.tensors.get(name)![i]! - value) / largest);
  });
  return [...losses, ...tensors].reduce((max, one) => Math.max(max, one), 0); // NaN stays NaN
}

describe('the same seed and data: the same training on every backend', function () {
  this.timeout(120_000);
  const wanted = new Map<string, Training>();
  const recipes = ['wgan', 'gan'];

  before('train on the example backend', async () => {
    const home = thirdParty('example-backend', []);
    expect(runTool(home, 'typescript/bin/tsc').status).to.equal(0);
    const env = {GAN_DATA_DIR: linkedIn(home, 'gan-plugin-example-backend')};
    for (const recipe of recipes) wanted.set(recipe, await train(recipe, 'cpu', env));
  });
  after(removeFolders);

  for (const recipe of recipes) {
    it(`${recipe} on wasm`, async () => {
      expect(distance(await train(recipe, 'wasm', {}), wanted.get(recipe)!)).to.be.below(tolerance);
    });
  }

  describe('native', () => {
    needsAddon();
    for (const recipe of recipes) {
      it(`${recipe} on native`, async () => {
        expect(distance(await train(recipe, 'native', {}), wanted.get(recipe)!)).to.be.below(tolerance);
      });
    }
  });

  it('differs for another recipe, by far: the comparison can fail', () => {
    const [one, other] = recipes.map((recipe) => wanted.get(recipe)!);
    expect(
      distance({losses: one!.losses, tensors: new Map()}, {losses: other!.losses, tensors: new Map()}),
    ).to.be.above(0.1);
  });

  describe('webgpu', () => {
    needsAdapter();
    for (const recipe of recipes) {
      it(`${recipe} on webgpu`, async () => {
        const env = {GAN_DATA_DIR: linkedIn(plugin, 'gan-plugin-webgpu'), GAN_WEBGPU_SOFTWARE: '1'};
        expect(distance(await train(recipe, 'webgpu', env), wanted.get(recipe)!)).to.be.below(tolerance);
      });
    }
  });
});
