import {readdirSync} from 'node:fs';
import {cp, readFile, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {expect} from 'chai';
import {readSafetensors, writeSafetensors} from 'gankit';
import {goldenCases, passed, runGoldenCase, strain, worst, type CaseResult} from 'gankit/testing';
import {withDevice} from '../device.js';
import {ganError, inFolder} from '../gan/helpers.js';
import {report} from './report.js';

const recordings = fileURLToPath(new URL('recordings', import.meta.url));
const names = readdirSync(recordings)
  .filter((file) => file.endsWith('.safetensors'))
  .map((file) => file.slice(0, -'.safetensors'.length))
  .sort();

describe('recordings of fastai', () => {
  withDevice();

  for (const name of names) {
    it(name, async () => {
      const result = await runGoldenCase(recordings, name);
      expect(result.deviations).to.have.length.above(5);
      expect(passed(result), report(result).text).to.equal(true);
    });
  }

  it('are all found', async () => {
    expect(await goldenCases(recordings)).to.deep.equal(names);
    expect(names).to.have.length.at.least(11);
  });
});

describe('the comparison with recordings', () => {
  withDevice();

  /** A copy of one recording, changed, and what comes of it. */
  async function changed(name: string, change: (dir: string) => Promise<void>): Promise<CaseResult> {
    let result: CaseResult | undefined;
    await inFolder(async (dir) => {
      for (const end of ['json', 'safetensors'])
        await cp(join(recordings, `${name}.${end}`), join(dir, `${name}.${end}`));
      await change(dir);
      result = await runGoldenCase(dir, name);
    });
    return result!;
  }

  const withTensor =
    (name: string, tensor: string, change: (data: Float32Array) => void) =>
    async (dir: string): Promise<void> => {
      const file = join(dir, `${name}.safetensors`);
      const {tensors} = await readSafetensors(file);
      change(tensors.get(tensor)!.data as Float32Array);
      await writeSafetensors(file, tensors);
    };

  const withText =
    (name: string, change: (recording: Record<string, unknown>) => void) =>
    async (dir: string): Promise<void> => {
      const file = join(dir, `${name}.json`);
      const recording = JSON.parse(await readFile(file, 'utf8')) as Record<string, unknown>;
      change(recording);
      await writeFile(file, JSON.stringify(recording));
    };

  it('fails for a gradient with one value changed by a thousandth of the largest, and names it', async () => {
    const result = await changed(
      'layers_critic_16',
      withTensor('layers_critic_16', 'grad.input', (data) => {
        data[5]! += 1e-3 * data.reduce((max, value) => Math.max(max, Math.abs(value)), 0);
      }),
    );
    expect(passed(result)).to.equal(false);
    expect(worst(result)!.what).to.equal('grad.input');
    expect(strain(worst(result)!)).to.be.within(8, 12);
    expect(report(result)).to.deep.include({ok: false});
  });

  it('fails for another parameter name', async () => {
    const result = await changed(
      'layers_critic_16',
      withText('layers_critic_16', (recording) => {
        (recording['parameters'] as [string, number[]][])[0]![0] = '0.0.wait';
      }),
    );
    expect(passed(result)).to.equal(false);
    expect(report(result).text).to.include('names, shapes or order of the parameters');
  });

  it('fails for a training that started from other weights', async () => {
    const result = await changed(
      'trace_one_cycle',
      withTensor('trace_one_cycle', 'init.generator.1.0.weight', (data) => {
        data[0]! += 0.01;
      }),
    );
    expect(passed(result)).to.equal(false);
  });

  it('fails for another order of critic and generator', async () => {
    const result = await changed(
      'trace_one_cycle',
      withText('trace_one_cycle', (recording) => {
        (recording['steps'] as {mode: string}[])[3]!.mode = 'critic';
      }),
    );
    expect(passed(result)).to.equal(false);
    expect(report(result).text).to.match(/mode: \["critic","generator"/);
  });

  it('fails for a loss that is not a number', async () => {
    const result = await changed(
      'trace_one_cycle',
      withText('trace_one_cycle', (recording) => {
        (recording['steps'] as {loss: number | null}[])[2]!.loss = null;
      }),
    );
    expect(passed(result)).to.equal(false);
    expect(strain(worst(result)!)).to.equal(Infinity);
  });

  it('refuses a folder without recordings, and one that is not there', async () => {
    await inFolder(async (dir) => {
      expect(await ganError(() => goldenCases(dir))).to.include({code: 'GAN_GOLDEN', kind: 'data'});
      expect((await ganError(() => goldenCases(join(dir, 'none')))).message).to.include(join(dir, 'none'));
    });
  });
});
