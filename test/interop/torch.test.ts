import {execFile} from 'node:child_process';
import {writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {promisify} from 'node:util';
import {expect} from 'chai';
import {
  basicCritic,
  basicGenerator,
  GANModule,
  readSafetensors,
  Rng,
  setSeed,
  tf,
  writeSafetensors,
  type NormType,
  type Tensor,
} from 'gankit';
import {withDevice} from '../device.js';
import {inFolder} from '../gan/helpers.js';
import {pythonWithTorch} from '../python.js';

const run = promisify(execFile);
const script = fileURLToPath(new URL('torch_nets.py', import.meta.url));

const config = {size: 16, channels: 3, latent: 6, features: 8, extra: 1};

function makeGan(norm: NormType): GANModule {
  setSeed(5);
  const options = {nFeatures: config.features, nExtraLayers: config.extra, normType: norm};
  return new GANModule(
    basicGenerator(config.size, config.channels, {...options, inSize: config.latent}),
    basicCritic(config.size, config.channels, options),
  );
}

interface Files {
  config: string;
  weights: string;
  inputs: string;
  results: string;
}

/** Images and scores in eval mode against those that torch wrote, both at most about 1. */
async function expectSame(gan: GANModule, latents: Float32Array, results: string): Promise<void> {
  gan.eval();
  const images = gan.generator!.forward(tf.tensor(latents, [latents.length / config.latent, config.latent]));
  const {tensors} = await readSafetensors(results);
  const largest = (got: Tensor, name: string): number => {
    const wanted = tensors.get(name)!.data as Float32Array;
    expect(got.size).to.equal(wanted.length);
    return Array.from(got.dataSync()).reduce((max, value, i) => Math.max(max, Math.abs(value - wanted[i]!)), 0);
  };
  expect(largest(tf.transpose(images, [0, 3, 1, 2]), 'images'), 'images').to.be.below(1e-5);
  expect(largest(gan.critic!.forward(images), 'scores'), 'scores').to.be.below(1e-4); // sums over 3072 pixels
  expect(tf.max(tf.abs(images)).dataSync()[0], 'images that are not all 0').to.be.above(0.01);
}

describe('PyTorch', () => {
  withDevice();
  let python: string | undefined;

  before(async function () {
    python = await pythonWithTorch();
    if (python !== undefined) return;
    console.log('    skipped: no Python with torch was found (set PYTHON, or install python3-torch)');
    this.skip();
  });

  async function inFiles(
    norm: NormType,
    use: (files: Files, torch: (mode: 'run' | 'make') => Promise<unknown>) => Promise<void>,
  ): Promise<void> {
    await inFolder(async (dir) => {
      const file = (name: string): string => join(dir, name);
      const files: Files = {
        config: file('config.json'),
        weights: file('weights.safetensors'),
        inputs: file('inputs.safetensors'),
        results: file('results.safetensors'),
      };
      await writeFile(files.config, JSON.stringify({...config, norm}));
      await use(files, (mode) =>
        run(python!, [script, mode, files.config, files.weights, files.inputs, files.results]),
      );
    });
  }

  for (const norm of ['Batch', 'Spectral'] as const) {
    it(`loads weights written here, with ${norm} norm, and draws the same images`, async () => {
      await inFiles(norm, async ({weights, inputs, results}, torch) => {
        const gan = makeGan(norm);
        const rng = new Rng(2);
        gan.switch(true);
        for (let i = 0; i < 3; i++)
          tf.tidy(
            () => void gan.critic!.forward(gan.forward(tf.tensor(rng.normal(5 * config.latent), [5, config.latent]))),
          );
        const latents = rng.normal(3 * config.latent);
        await writeSafetensors(weights, await gan.stateDict(), {format: 'pt'});
        await writeSafetensors(
          inputs,
          new Map([['latents', {dtype: 'F32', shape: [3, config.latent], data: latents}]]),
        );
        await torch('run');
        await expectSame(gan, latents, results);
      });
    });

    it(`writes weights, with ${norm} norm, that are loaded here and draw the same images`, async () => {
      await inFiles(norm, async ({weights, inputs, results}, torch) => {
        await torch('make');
        const gan = makeGan(norm);
        gan.loadStateDict((await readSafetensors(weights)).tensors);
        await expectSame(gan, (await readSafetensors(inputs)).tensors.get('latents')!.data as Float32Array, results);
      });
    });
  }
});
