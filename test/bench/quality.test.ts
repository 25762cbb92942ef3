import {expect} from 'chai';
import {execFile} from 'node:child_process';
import {readFileSync} from 'node:fs';
import {writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {promisify} from 'node:util';
import {GANModule, lightCritic, lightGenerator, Rng, setSeed, tf, writeSafetensors} from 'gankit';
import {withDevice} from '../device.js';
import {root} from '../commands/helpers.js';
import {inFolder} from '../gan/data/helpers.js';
import {pythonOrSkip, pythonWith} from '../python.js';

const run = promisify(execFile);
describe('bench/quality', () => {
  withDevice();

  it('trains on points, judges them, and writes figures, a table and a chart; PyTorch as well where it is', async function () {
    this.timeout(120_000);
    const torch = await pythonWith('numpy, torch.optim');
    const python = torch ?? (await pythonOrSkip(this, 'numpy'));
    await inFolder(async (dir) => {
      const files = ['json', 'md', 'svg'].flatMap((kind) => [`--${kind}`, join(dir, `out.${kind}`)]);
      const small = ['--images', '256', '--points', '2', '--seeds', '1', '--threads', '1'];
      const set = ['samples=200', 'batch=32'].flatMap((each) => ['--set', each]);
      const sides = torch === undefined ? ['--only', 'gan'] : [];
      await run(process.execPath, ['bench/quality.mjs', '--data', 'ring8', ...small, ...set, ...sides, ...files], {
        cwd: root,
        env: {...process.env, PYTHON: python},
      });
      const {medians} = JSON.parse(readFileSync(join(dir, 'out.json'), 'utf8')) as {
        medians: Record<string, {images: number; modes: number; highQuality: number}[]>;
      };
      expect(Object.keys(medians)).to.deep.equal(torch === undefined ? ['gan'] : ['gan', 'pytorch']);
      for (const rows of Object.values(medians)) {
        expect(rows.map(({images}) => images)).to.deep.equal([128, 256]);
        for (const {modes, highQuality} of rows) {
          expect(modes).to.be.within(0, 8);
          expect(highQuality).to.be.within(0, 1);
        }
      }
      expect(readFileSync(join(dir, 'out.md'), 'utf8')).to.match(
        /^\| side \| images \| seconds \| modes \| highQuality \|/,
      );
      expect(readFileSync(join(dir, 'out.svg'), 'utf8')).to.match(/^<svg [^]*<\/svg>\n$/);
    });
  });

  it('gives PyTorch the networks of this project: the same weights make the same images and scores', async function () {
    const python = await pythonOrSkip(this, 'numpy, torch.optim');
    await inFolder(async (dir) => {
      const [size, channels, latent, width, batch] = [16, 3, 6, 4, 8];
      setSeed(5);
      const sizes = {nFeatures: width, nExtraLayers: 1, resampling: 'fir'} as const;
      const gan = new GANModule(
        lightGenerator({height: size, width: size, channels}, {...sizes, latentSize: latent, norm: 'pixel'}),
        lightCritic({height: size, width: size, channels}, {...sizes, norm: 'none', stddevGroup: 4}),
      );
      gan.eval();
      const latents = new Rng(1).normal(batch * latent);
      const images = gan.generator!.forward(tf.tensor(latents, [batch, latent]));
      const scores = gan.critic!.forward(images);
      const [weights, inputs] = ['weights', 'inputs'].map((name) => join(dir, `${name}.safetensors`));
      await writeSafetensors(weights!, await gan.stateDict());
      await writeSafetensors(
        inputs!,
        new Map([
          ['latents', {dtype: 'F32', data: latents, shape: [batch, latent]}],
          [
            'images',
            {
              dtype: 'F32',
              data: await tf.transpose(images, [0, 3, 1, 2]).data<'float32'>(),
              shape: [batch, channels, size, size],
            },
          ],
          ['scores', {dtype: 'F32', data: await scores.data<'float32'>(), shape: [batch, 1]}],
        ]),
      );
      const script = join(dir, 'check.py');
      await writeFile(
        script,
        `
import sys
sys.path[:0] = ${JSON.stringify([join(root, 'bench/quality'), join(root, 'test/interop')])}
import torch
from networks import networks
from torch_nets import read
work = dict(arch='light', size=${size}, channels=${channels}, latent=${latent}, width=${width}, extra=1)
weights, inputs = read(${JSON.stringify(weights)}), read(${JSON.stringify(inputs)})
nets = networks(work)
for prefix, net in zip(('generator', 'critic'), nets):
    given = [tensor for name, tensor in weights.items() if name.startswith(prefix)]
    own = list(net.parameters())
    assert [tuple(a.shape) for a in given] == [tuple(b.shape) for b in own], prefix
    for a, b in zip(given, own):
        b.data.copy_(a)
images = nets[0](inputs['latents'])
scores = nets[1](inputs['images'])
print(float((images - inputs['images']).abs().max()), float((scores - inputs['scores']).abs().max()), float(images.abs().max()))
`,
      );
      const {stdout} = await run(python, [script]);
      const [ofImages, ofScores, largest] = stdout.trim().split(' ').map(Number);
      expect(ofImages).to.be.below(1e-5);
      expect(ofScores).to.be.below(1e-4);
      expect(largest, 'images that are not all 0').to.be.above(0.01);
    });
  });

  it('judges by the Frechet distance of normal distributions, also with fewer images than dimensions', async function () {
    const python = await pythonOrSkip(this, 'numpy, scipy.linalg');
    await inFolder(async (dir) => {
      const script = join(dir, 'check.py');
      await writeFile(
        script,
        `
import sys
sys.path.insert(0, ${JSON.stringify(join(root, 'bench/quality'))})
import numpy as np
from scipy.linalg import sqrtm
from evaluate import frechet
random = np.random.default_rng(0)
for n, m, d in ((300, 400, 20), (15, 400, 20), (12, 14, 20)):
    a, b = random.normal(size=(n, d)) @ random.normal(size=(d, d)), random.normal(1, 2, size=(m, d))
    ca, cb = np.cov(a.T), np.cov(b.T)
    wanted = ((a.mean(0) - b.mean(0)) ** 2).sum() + np.trace(ca + cb - 2 * sqrtm(ca @ cb).real)
    print(abs(frechet(a, b) / wanted - 1))
`,
      );
      const {stdout} = await run(python, [script]);
      const [full, one, both] = stdout.trim().split('\n').map(Number);
      expect(full).to.be.below(1e-9);
      expect(Math.max(one!, both!)).to.be.below(1e-3); // sqrtm is imprecise where a matrix is singular
    });
  });
});
