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

  const withConfig = (name: string, change: (config: Record<string, Record<string, unknown>>) => void) =>
    changed(
      name,
      withText(name, (recording) => change(recording['config'] as Record<string, Record<string, unknown>>)),
    );

  it('begins with the generator for gen_first, in every epoch', async () => {
    const result = await withConfig('trace_one_cycle', (config) => Object.assign(config, {gen_first: true}));
    expect(passed(result)).to.equal(false);
    const turns = Array.from({length: 12}, (_, i) => (i % 2 === 0 ? 'generator' : 'critic'));
    expect(report(result).text).to.include(`mode: ${JSON.stringify(turns)} instead of ["critic",`);
  });

  for (const [key, changes, name = 'trace_one_cycle'] of [
    ['switch_eval', {switch_eval: true}],
    ['clip', {clip: 0.01}],
    ['opt.wd', {opt: {name: 'Adam', wd: 0.1}}, 'trace_wgan_adam_default'],
    ['opt.eps', {opt: {name: 'Adam', eps: 1e-2}}],
    ['opt.sqr_mom', {opt: {name: 'Adam', sqr_mom: 0.9}}],
    ['opt.mom', {opt: {name: 'SGD', mom: 0.9}}, 'trace_bce_dlr_in_fit'],
    ['fit.div', {fit: {one_cycle: true, lr_max: 0.0005, wd: 0, div: 10}}],
    ['fit.div_final', {fit: {one_cycle: true, lr_max: 0.0005, wd: 0, div_final: 10}}],
    ['fit.pct_start', {fit: {one_cycle: true, lr_max: 0.0005, wd: 0, pct_start: 0.5}}],
    ['fit.lr', {fit: {lr: 0.0005, wd: 0}}],
    ['switcher', {switcher: {kind: 'fixed', n_crit: 2}}],
    ['switcher.critic_thresh', {switcher: {kind: 'adaptive', critic_thresh: 0.01}}],
    ['crit_act', {crit_act: 'leaky0.2'}],
    ['train_metrics', {train_metrics: true}],
    ['dlr.mult', {dlr: {mult: 2, where: 'fit'}}, 'trace_bce_dlr_in_fit'],
    ['dlr.where', {dlr: {mult: 5, where: 'constructor'}}, 'trace_bce_dlr_in_fit'],
    ['weights_gen', {weights_gen: [1, 0.2]}, 'trace_bce_adaptive_dlr'],
    ['y_range', {y_range: [-2, 2]}, 'trace_from_learners'],
  ] as [string, Record<string, unknown>, string?][]) {
    it(`fails for another ${key}`, async () => {
      const result = await withConfig(name, (config) => Object.assign(config, changes));
      expect(passed(result)).to.equal(false);
    });
  }

  it('passes with defaults written out', async () => {
    for (const [name, changes] of [
      [
        'trace_wgan_adam_default',
        {opt: {name: 'Adam', mom: 0.9, sqr_mom: 0.99, eps: 1e-5, wd: 0.01, decouple_wd: true}},
      ],
      ['trace_wgan_adam_default', {fit: {lr: 1e-3}, switcher: {kind: 'fixed', n_crit: 5, n_gen: 1}, clip: 0.01}],
      ['trace_wgan_adam_default', {gen_first: false, switch_eval: false, train_metrics: false}],
      ['trace_one_cycle', {fit: {one_cycle: true, lr_max: 5e-4, wd: 0, div: 25, div_final: 1e5, pct_start: 0.25}}],
    ] as const) {
      const result = await withConfig(name, (config) => Object.assign(config, changes));
      expect(passed(result), report(result).text).to.equal(true);
    }
  });

  for (const [problem, name, change] of [
    [`config: unknown key 'gen_frist'`, 'trace_one_cycle', {gen_frist: true}],
    [`config, fit: unknown key 'reset_opt'`, 'trace_one_cycle', {fit: {lr: 1, reset_opt: true}}],
    [`config, opt: unknown key 'sqr_mom'`, 'trace_bce_dlr_in_fit', {opt: {name: 'SGD', sqr_mom: 0.9}}],
    [`config, opt: unknown key 'eps'`, 'trace_wgan_rmsprop', {opt: {name: 'RMSProp', eps: 1e-5}}],
    [`config, opt, name: "Lamb", wanted one of SGD, RMSProp, Adam`, 'trace_one_cycle', {opt: {name: 'Lamb'}}],
    [
      `config, switcher, kind: "random", wanted one of fixed, adaptive`,
      'trace_one_cycle',
      {switcher: {kind: 'random'}},
    ],
    [`config, switcher: unknown key 'gen_thresh'`, 'trace_one_cycle', {switcher: {kind: 'fixed', gen_thresh: 1}}],
    [`config, dlr, where: "later", wanted one of`, 'trace_one_cycle', {dlr: {mult: 5, where: 'later'}}],
    [`config: 'crit_act' is swish`, 'trace_one_cycle', {crit_act: 'swish'}],
    [`config: 'crit_act' has no effect`, 'trace_bce_dlr_in_fit', {crit_act: 'leaky0.2'}],
    [`config: 'p' is 0.15; the masks of dropout`, 'trace_bce_dlr_in_fit', {p: 0.15}],
    [`config: 'p' has no effect on a basic critic`, 'trace_one_cycle', {p: 0}],
    [`config: 'weights_gen' has no effect`, 'trace_one_cycle', {weights_gen: [1, 2]}],
    [`config: 'fit.lr' has no effect with one_cycle`, 'trace_one_cycle', {fit: {one_cycle: true, lr: 1}}],
    [`config: 'fit.lr_max' has no effect without one_cycle`, 'trace_wgan_rmsprop', {fit: {lr_max: 1}}],
    [`config: 'image_to_image' must be true`, 'trace_from_learners', {image_to_image: false}],
    [`config: bs, size, channels and noise say batches of [8,10]`, 'trace_one_cycle', {bs: 8}],
    [`config, epochs: "2", wanted a whole number`, 'trace_one_cycle', {epochs: '2'}],
    [`config, epochs: nothing, wanted a whole number`, 'trace_one_cycle', {epochs: undefined}],
  ] as [string, string, Record<string, unknown>][]) {
    it(`refuses ${JSON.stringify(change)}, by name and file`, async () => {
      const error = await ganError(() => withConfig(name, (config) => Object.assign(config, change)));
      expect(error).to.include({code: 'GAN_GOLDEN', kind: 'data'});
      expect(error.message).to.include(`${name}.json, ${problem}`);
    });
  }

  it('refuses an unknown key beside the configuration, and a kind of recording that there is not', async () => {
    for (const [name, change, problem] of [
      ['trace_one_cycle', {surprises: []}, `trace_one_cycle.json: unknown key 'surprises'`],
      ['layers_critic_16', {surprises: []}, `layers_critic_16.json: unknown key 'surprises'`],
      ['layers_critic_16', {kind: 'layer'}, `'kind' is "layer"`],
    ] as const) {
      const altered = changed(
        name,
        withText(name, (recording) => Object.assign(recording, change)),
      );
      expect((await ganError(() => altered)).message).to.include(problem);
    }
  });

  it('takes a missing p of gan_critic as the 0.15 of the layer, which no recording can be compared with', async () => {
    const name = 'layers_gan_critic';
    const altered = changed(
      name,
      withText(name, (recording) => (recording['build'] = 'gan_critic(n_channels=3,nf=8,n_blocks=2)')),
    );
    expect((await ganError(() => altered)).message).to.include(`${name}.json, build: Dropout2d(0.075) draws masks`);
  });

  it('fails for another loss, input shape, buffer, curve or last hyperparameter', async () => {
    for (const [name, change, what] of [
      ['layers_critic_16', {loss: 2.62}, 'loss'],
      ['layers_critic_16', {input_shape: [4, 3, 16, 17]}, 'shape of the input'],
      ['layers_gan_critic', {buffers: []}, 'names, shapes or order of the buffers'],
      ['trace_one_cycle', {recorder_losses: [1]}, 'recorder.losses'],
      ['trace_one_cycle', {gan_trainer_gen_losses: [1]}, 'gen_losses'],
      ['trace_one_cycle', {gan_trainer_crit_losses: [1]}, 'crit_losses'],
      ['trace_one_cycle', {opt_hypers: [{lr: 1}]}, 'opt_hypers 0 lr'],
    ] as const) {
      const result = await changed(
        name,
        withText(name, (recording) => Object.assign(recording, change)),
      );
      expect(passed(result), what).to.equal(false);
      expect(report(result).text).to.include(what);
    }
  });

  it('refuses a folder without recordings, and one that is not there', async () => {
    await inFolder(async (dir) => {
      expect(await ganError(() => goldenCases(dir))).to.include({code: 'GAN_GOLDEN', kind: 'data'});
      expect((await ganError(() => goldenCases(join(dir, 'none')))).message).to.include(join(dir, 'none'));
    });
  });
});
