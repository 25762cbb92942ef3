import {execFile} from 'node:child_process';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {promisify} from 'node:util';
import {expect} from 'chai';
import {readSafetensors, writeSafetensors} from 'gankit';
import {openFeatures} from '../../dist/gan/metrics/feature-file.js';
import {sha256OfState} from '../../dist/gan/metrics/fingerprint.js';
import {withDevice} from '../device.js';
import {inFolder} from '../gan/helpers.js';
import {ganError} from '../plugin/helpers.js';
import {pythonWithTorch} from '../python.js';

const script = fileURLToPath(new URL('inception.py', import.meta.url));

describe('Inception', () => {
  withDevice();

  it('has the features that torch computes with the same weights', async function () {
    const python = await pythonWithTorch();
    if (python === undefined) {
      console.log('    skipped: no Python with torch was found (set PYTHON, or install python3-torch)');
      this.skip();
    }
    this.timeout(120_000);
    await inFolder(async (dir) => {
      await promisify(execFile)(python, [script, dir]);
      const file = join(dir, 'weights.safetensors');
      const {tensors} = await readSafetensors(file);
      const results = (await readSafetensors(join(dir, 'results.safetensors'))).tensors;
      const [pixels, wanted] = [results.get('pixels')!, results.get('features')!];
      const inception = await openFeatures(file);
      const {features} = await inception.extract(Uint8Array.from(pixels.data as Float32Array), pixels.shape);
      inception.dispose();
      const values = wanted.data as Float32Array;
      expect(features.length).to.equal(2048);
      const worst = Math.max(...features.map((value, i) => Math.abs(value - values[i]!)));
      expect(worst).to.be.below(1e-4 * Math.max(...values));
      const used = new Map([...tensors].filter(([name]) => !name.startsWith('fc.')));
      expect(inception.name).to.equal(`inception ${sha256OfState(used).slice(0, 8)}`);

      tensors.set('fc.weight', {dtype: 'F32', shape: [1000, 2048], data: new Float32Array(1000 * 2048)});
      await writeSafetensors(file, tensors);
      const other = await openFeatures(file);
      other.dispose();
      expect(other.name).to.equal(`torchvision's ${inception.name}`);

      tensors.delete('Mixed_6b.branch7x7_2.conv.weight');
      await writeSafetensors(file, tensors);
      const error = await ganError(() => openFeatures(file));
      expect(error.code).to.equal('GAN_STATE_MISMATCH');
      expect(error.message).to.contain('Mixed_6b.branch7x7_2.conv.weight: missing');
    });
  });

  it('is not taken for another network', async () => {
    await inFolder(async (dir) => {
      const file = join(dir, 'x.safetensors');
      await writeSafetensors(file, new Map([['weight', {dtype: 'F32', shape: [1], data: new Float32Array(1)}]]));
      expect(await ganError(() => openFeatures(file))).to.include({code: 'GAN_FEATURES', kind: 'data'});
      expect((await ganError(() => openFeatures(join(dir, 'none')))).code).to.equal('GAN_FILE_UNREADABLE');
    });
  });
});
