import {expect} from 'chai';
import path from 'node:path';
import type {Device} from '../../../dist/backends/device.js';
import {resolveConfig} from '../../../dist/config/resolve.js';
import {openRegistry} from '../../../dist/plugin/discover.js';
import {summariseRun} from '../../../dist/runs/run-summary.js';
import type {TrainEvent} from '../../../dist/runs/train.js';
import {findingKinds} from '../../../dist/runs/watch/kinds.js';
import {folder, removeFolders} from '../../plugin/helpers.js';
import {gan} from '../../commands/helpers.js';
import {expectSame, fit, metrics, openCpu, results, tinyConfig, tinySettings} from '../helpers.js';

type Told = Extract<TrainEvent, {type: 'finding'}>;

describe('the watch over a training', () => {
  let device: Device;
  before(async () => {
    device = await openCpu();
  });
  after(() => device.close());
  afterEach(removeFolders);
  const newRun = (): string => path.join(folder(), 'run');

  /** Trains on more images than the tiny ones, and returns what was found. */
  async function train(set: string[], dir = newRun()): Promise<Told[]> {
    const found: Told[] = [];
    const notify = (event: TrainEvent): void => void (event.type === 'finding' && found.push(event));
    await fit({device, dir, set: ['recipe=gan', 'loss=hinge', 'source.count=512', 'watchEvery=10', ...set], notify});
    return found;
  }

  it('finds nothing in a healthy training', async () => {
    expect(await train(['steps=150'])).to.deep.equal([]);
  });

  const provoked: [what: string, set: string[], name: string][] = [
    ['the learning rate is far too high', ['lr=2', 'steps=60'], 'diverged'],
    [
      'the generator gives the same for all latents',
      ['lr=2', 'source.count=52', 'watchEvery=5', 'steps=60'],
      'collapse',
    ],
    ["the critic's learning rate is hundreds of times too high", ['criticLr=1', 'steps=60'], 'diverged'],
    [
      'the generator does not learn',
      ['lr=0', 'criticLr=0.01', 'switcher.nGen=2', 'watchEvery=20', 'steps=480'],
      'critic-won',
    ],
    ['the critic does not learn', ['criticLr=0', 'lr=0.005', 'steps=200'], 'critic-lost'],
  ];
  for (const [what, set, name] of provoked) {
    it(`finds '${name}' when ${what}, and tells it in the log and in the summary`, async () => {
      const dir = newRun();
      const found = await train(set, dir);
      const first = found.find((each) => each.name === name);
      expect(first, found.map((each) => each.name).join()).to.include({state: 'seen'});
      expect(first!.advice).to.not.be.empty;
      const {type: _, step, ...finding} = first!;
      expect(metrics(dir).filter((line) => line['finding'] !== undefined && line['step'] === step)).to.deep.include({
        step,
        epoch: metrics(dir).find((line) => line['step'] === step)!['epoch'],
        finding,
      });
      const {findings} = await summariseRun(dir);
      expect(findings.find((each) => each.name === name)).to.include({seen: step, since: finding.since});
    });
  }

  it('logs diversity and separation at each look, and overfitting where images are held out', async () => {
    const dir = newRun();
    await train(['steps=30', 'validPct=20'], dir);
    const looks = metrics(dir).filter(({watch}) => watch !== undefined);
    expect(looks.map(({step}) => step)).to.deep.equal([10, 20, 30]);
    for (const {watch} of looks) expect(watch).to.have.all.keys('diversity', 'separation', 'overfitting');
  });

  it('changes nothing of a training', async () => {
    const [with_, without] = [newRun(), newRun()];
    const set = [
      'recipe=gan',
      'arch=gan-critic',
      'arch.nf=8',
      'arch.nBlocks=1',
      'arch.p=0.3',
      'validPct=20',
      'emaHalfLife=20',
    ];
    await fit({device, dir: with_, set: [...set, 'steps=12', 'watchEvery=1']});
    await fit({device, dir: without, set: [...set, 'steps=12', 'watchEvery=0']});
    const [a, b] = [await results(with_), await results(without)];
    for (const key of ['model', 'averages', 'streams', 'sample']) expect(a[key], key).to.deep.equal(b[key]);
  });

  it('goes on as if the training had not stopped: the same looks and findings', async () => {
    const set = ['recipe=gan', 'loss=hinge', 'lr=2', 'watchEvery=5'];
    const [whole, parts] = [newRun(), newRun()];
    await fit({device, dir: whole, set: [...set, 'steps=40']});
    for (const steps of [7, 12, 20, 40])
      await fit({device, dir: parts, set: [...set, `steps=${steps}`], resume: steps > 7});
    expectSame(await results(parts), await results(whole));
    expect(metrics(whole).filter(({finding}) => finding !== undefined)).to.not.be.empty;
  });

  it('does not look at data that have a single image, or only alike ones', async () => {
    const dir = newRun();
    await fit({
      device,
      dir,
      set: ['recipe=gan', 'loss=hinge', 'source.count=1', 'batchSize=1', 'watchEvery=1', 'steps=3'],
    });
    expect(metrics(dir).some(({watch}) => watch !== undefined)).to.equal(false);
  });

  it('suggests only flags that gan fit takes', async () => {
    const registry = openRegistry();
    const cwd = folder();
    const tiny = [...tinySettings, 'size=8', 'steps=2'].flatMap((text) => ['--set', text]);
    const flags = new Map<string, string[]>();
    for (const recipe of registry.names('recipe')) {
      const {config} = await resolveConfig({registry, set: [`recipe=${recipe}`], ignoreFiles: true});
      if (!('nFeatures' in config.arch.options)) continue; // an option of the tiny settings
      for (const {advise} of findingKinds)
        for (const given of [config, {...config, criticLr: config.lr * 100}])
          for (const advice of advise(given)) flags.set(advice.replaceAll(/[\d.]+(e-\d+)?/g, 'N'), [recipe, advice]);
    }
    expect(flags.size).to.be.greaterThan(5);
    for (const [recipe, advice] of flags.values()) {
      const {code, stderr} = await gan(['fit', '--recipe', recipe!, ...tiny, ...advice!.split(' ')], {cwd});
      expect(code, `${recipe}: ${advice}\n${stderr}`).to.equal(0);
    }
  });

  it('judges as the configuration of the run says', async () => {
    const config = await tinyConfig(['recipe=gan', 'loss=hinge', 'penalty=r1', 'augment=translation']);
    for (const {advise} of findingKinds) expect(advise(config).join()).to.not.match(/--penalty|--augment/);
  });
});
