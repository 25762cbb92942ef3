import {expect} from 'chai';
import fc from 'fast-check';
import {writeFileSync} from 'node:fs';
import path from 'node:path';
import type {Assignments} from '../../dist/config/assignments.js';
import {resolveConfig, type ConfigRequest} from '../../dist/config/resolve.js';
import {scalarSpecs} from '../../dist/options/config-keys.js';
import {openRegistry} from '../../dist/plugin/discover.js';
import {folder, ganError, removeFolders, write} from '../plugin/helpers.js';

const registry = openRegistry();
const flags = (values: Record<string, string>): Assignments =>
  new Map(Object.entries(values).map(([key, value]) => [key, {value, origin: `--${key}`, blame: 'usage' as const}]));

/** Resolves in a folder of its own, with the given project file. */
async function resolve(request: Omit<ConfigRequest, 'registry'> = {}, file?: object) {
  const cwd = folder();
  if (file) write(cwd, {'gan.config.json': JSON.stringify(file)});
  return resolveConfig({registry, cwd, ...request});
}

describe('a map of parts', () => {
  afterEach(removeFolders);
  const set = (...texts: string[]) => resolve({set: texts, settings: {values: {schedules: file}, origin: 'the file'}});
  const file = {
    mom: {name: 'cosine', endValue: 0.99},
    'penalty.r1.weight': {name: 'linear', options: {from: 0.25}},
    wd: 'linear',
  };
  const linear = {warmup: 0, from: 0.5, end: 0, endValue: 0};

  it('has the parts of a file, with the options of the map beside their own', async () => {
    const {config, origins} = await set();
    expect(config.schedules).to.deep.equal({
      mom: {name: 'cosine', options: {end: 0, endValue: 0.99}},
      wd: {name: 'linear', options: linear},
      'penalty.r1.weight': {name: 'linear', options: {...linear, from: 0.25}},
    });
    expect(origins).to.include({
      'schedules.mom': 'the file',
      'schedules.mom.endValue': 'the file',
      'schedules.penalty.r1.weight.from': 'the file',
      'schedules.wd.end': 'default of schedule linear',
    });
    expect((await resolve({settings: {values: config, origin: 'again'}})).config).to.deep.equal(config);
  });

  it('is changed name by name, as a whole, and by the environment', async () => {
    const changed = await set(
      'schedules.mom.endValue=0.5',
      'schedules.critic.lr.startValue=2',
      'schedules.critic.lr=cosine',
      'schedules.wd=none',
      'schedules.penalty.r1.weight=cosine',
    );
    expect(changed.config.schedules).to.deep.equal({
      mom: {name: 'cosine', options: {end: 0, endValue: 0.5}},
      'penalty.r1.weight': {name: 'cosine', options: {end: 0, endValue: 0}},
      'critic.lr': {name: 'cosine', options: {end: 0, endValue: 0, startValue: 2}},
    });
    const whole = await set('schedules=lr=linear, critic.lr=cosine', 'schedules.lr.from=0.1');
    expect(whole.config.schedules).to.deep.equal({
      lr: {name: 'linear', options: {...linear, from: 0.1}},
      'critic.lr': {name: 'cosine', options: {end: 0, endValue: 0}},
    });
    expect((await set('schedules=none')).config.schedules).to.deep.equal({});
    const env = {GAN_SCHEDULES__CRITIC__SQR_MOM: 'cosine', GAN_SCHEDULES__CRITIC__SQR_MOM__END_VALUE: '0.9'};
    expect((await resolve({env})).config.schedules).to.deep.equal({
      'critic.sqrMom': {name: 'cosine', options: {end: 0, endValue: 0.9}},
    });
  });

  it('refuses what is no part, no option, and options of nothing', async () => {
    const code = async (...texts: string[]): Promise<string> => (await ganError(() => set(...texts))).code;
    expect(await code('schedules.mom=cosin')).to.equal('GAN_UNKNOWN_PART');
    expect(await code('schedules.mom.ende=1')).to.equal('GAN_CONFIG_UNKNOWN_KEY');
    expect(await code('schedules.momm.endValue=1')).to.equal('GAN_CONFIG_UNKNOWN_KEY');
    expect(await code('schedules.mom.endValue=x')).to.equal('GAN_CONFIG_VALUE');
    for (const text of ['schedules=cosine', 'schedules=lr=', 'schedules=lr=cosine,lr=linear', 'schedules.lr=1'])
      expect(await code(text), text).to.equal('GAN_CONFIG_VALUE');
  });
});

describe('a list of parts', () => {
  afterEach(removeFolders);
  const set = (...texts: string[]) => resolve({set: ['recipe=none', ...texts]});
  const gp = {lambda: 10, target: 1, oneSided: false, every: 1};

  it('may be one part: options without its name are its own, from the same source or a stronger one', async () => {
    const wanted = [{name: 'r1', options: {gamma: 2, every: 4}}];
    expect((await set('penalty=r1', 'penalty.gamma=2', 'penalty.r1.every=4')).config.penalty).to.deep.equal(wanted);
    for (const penalty of [
      {name: 'r1', gamma: 2, every: 4},
      {name: 'r1', options: {gamma: 2, every: 4}},
      [{name: 'r1', gamma: 2, every: 4}],
    ]) {
      const {config} = await resolve({}, {recipe: 'none', penalty});
      expect(config.penalty).to.deep.equal(wanted);
    }
    const {config} = await resolve({}, {recipe: 'r1', penalty: {gamma: 3}});
    expect(config.penalty).to.deep.equal([{name: 'r1', options: {gamma: 3, every: 1}}]);
  });

  it('has several in their order, each with options under its name', async () => {
    const {config} = await set('penalty=wgan-gp, r2', 'penalty.r2.gamma=1', 'penalty.wgan-gp.target=0');
    expect(config.penalty).to.deep.equal([
      {name: 'wgan-gp', options: {...gp, target: 0}},
      {name: 'r2', options: {gamma: 1, every: 1}},
    ]);
    expect((await resolve({set: ['recipe=r1', 'penalty=none']})).config.penalty).to.deep.equal([]);
    const replaced = await resolve({set: ['recipe=r1', 'penalty=wgan-gp']}); // gamma of the recipe is not its
    expect(replaced.config.penalty).to.deep.equal([{name: 'wgan-gp', options: gp}]);
  });

  it('refuses options that could be of several, or of none', async () => {
    for (const texts of [
      ['penalty=r1,r2', 'penalty.gamma=1'],
      ['penalty.gamma=1'],
      ['penalty=r1', 'penalty.r2.gamma=1'],
    ]) {
      const error = await ganError(() => set(...texts));
      expect(error, texts.join()).to.include({code: 'GAN_CONFIG_UNKNOWN_KEY', kind: 'config'});
    }
    const advice = async (...texts: string[]): Promise<string> =>
      (await ganError(() => set(...texts))).suggestions.join();
    expect(await advice('penalty=r1', 'penalty.r2.gamma=1')).to.contain('--penalty r1,r2 ');
    expect(await advice('penalty=r1,r2', 'penalty.gamma=1')).to.contain('penalty.r1.gamma or penalty.r2.gamma');
    expect(await advice('augment=flip', 'augment.flipp.p=1')).to.contain("'augment.flip.p'");
    expect((await set('penalty=r1,r2', 'penalty.r2.gamma=1')).config.penalty).to.have.length(2);
  });

  it('refuses options inside of an object, and shows how they are written', async () => {
    for (const penalty of [{r1: {gamma: 2}}, {r1: {gamma: 2}, r2: {gamma: 3}}]) {
      const error = await ganError(() => resolve({}, {recipe: 'none', penalty}));
      expect(error).to.include({code: 'GAN_CONFIG_VALUE', kind: 'config'});
      expect(error.suggestions[0]).to.contain('{"penalty": ["r1"], "penalty.r1.gamma": ...}');
    }
  });
});

describe('resolveConfig', () => {
  afterEach(removeFolders);

  it("gives the recipe of fastai's documentation as wgan, each value with its origin", async () => {
    const {config, origins, recipe, backend} = await resolve({set: ['recipe=wgan']});
    expect(recipe).to.equal('wgan');
    expect(backend).to.deep.equal({name: 'auto', options: {}});
    expect(config).to.deep.equal({
      data: 'builtin:shapes',
      source: {count: 8192, seed: 0},
      arch: {name: 'basic', options: {nFeatures: 64, nExtraLayers: 1, criticActivation: 'leaky', criticNorm: 'batch'}},
      loss: {name: 'wgan', options: {real: 'low'}},
      opt: {name: 'rmsprop', options: {mom: 0, sqrMom: 0.99}},
      switcher: {name: 'fixed', options: {nCrit: 5, nGen: 1}},
      schedules: {},
      penalty: [],
      augment: [],
      metrics: [],
      callbacks: [],
      metricImages: 256,
      size: 64,
      channels: 3,
      resize: 'crop',
      batchSize: 64,
      accumulate: 1,
      syncBn: false,
      epochs: 1,
      lr: 2e-4,
      emaHalfLife: 0,
      wd: 0,
      clip: 0.01,
      clipNorms: false,
      latent: 100,
      genFirst: false,
      switchEval: false,
      depth: 8,
      decoding: 2,
      conditional: false,
      validPct: 0,
      seed: 0,
      attempt: 0,
      retries: 0,
      watchEvery: 100,
      patience: 10,
      sampleEvery: 100,
      sampleSeconds: 60,
      checkpointEvery: 500,
      keepCheckpoints: 2,
      tensorboard: false,
      histogramEvery: 0,
      compat: 'none',
      capture: 'auto',
      precision: 'default',
    });
    expect(origins).to.include({
      lr: 'recipe wgan',
      epochs: 'default',
      'arch.nExtraLayers': 'recipe wgan',
      'arch.nFeatures': 'default of architecture basic',
    });
    expect(Object.keys(origins)).to.include.members(Object.keys(scalarSpecs));
  });

  describe('options of parts', () => {
    it('go to the part that is chosen, whether given nested, inline or by --set', async () => {
      for (const arch of [
        {name: 'gan-critic', nf: 32},
        {name: 'gan-critic', options: {nf: 32}},
      ]) {
        expect((await resolve({}, {arch})).config.arch).to.deep.equal({
          name: 'gan-critic',
          options: {nFeatures: 64, nExtraLayers: 0, nf: 32, nBlocks: 3, p: 0.15},
        });
      }
      const {config} = await resolve({flags: flags({arch: 'gan-critic'}), set: ['arch.p=0.5']});
      expect(config.arch.options).to.include({p: 0.5});
    });

    it('of a weaker layer stay behind when a stronger one names another part', async () => {
      const {config} = await resolve(
        {flags: flags({arch: 'gan-critic'})},
        {arch: {name: 'basic', criticActivation: 'relu', nFeatures: 8}},
      );
      expect(config.arch.options).to.deep.equal({nFeatures: 64, nExtraLayers: 0, nf: 128, nBlocks: 3, p: 0.15});
    });

    it('stay when a stronger layer names the same part again', async () => {
      const {config} = await resolve({flags: flags({arch: 'basic', recipe: 'wgan'})}, {arch: {nFeatures: 8}});
      expect(config.arch.options).to.deep.equal({
        nFeatures: 8,
        nExtraLayers: 1,
        criticActivation: 'leaky',
        criticNorm: 'batch',
      });
    });

    it('that the part does not have are errors naming the flag', async () => {
      const error = await ganError(() => resolve({flags: flags({switcher: 'adaptive', 'switcher.nCrit': '3'})}));
      expect(error).to.include({code: 'GAN_CONFIG_UNKNOWN_KEY', exitCode: 2});
      expect(error.message).to.contain('switcher adaptive').and.contain('switcher.nCrit');
    });

    it('of built-in data are refused for a folder', async () => {
      const error = await ganError(() => resolve({flags: flags({data: folder()}), set: ['source.count=5']}));
      expect(error).to.include({code: 'GAN_CONFIG_UNKNOWN_KEY', exitCode: 3});
    });

    it('of the backend auto are those of any backend', async () => {
      expect((await resolve({set: ['backend=auto']})).backend).to.deep.equal({name: 'auto', options: {}});
      expect((await resolve({set: ['backend.threads=2']})).backend).to.deep.equal({
        name: 'auto',
        options: {threads: 2},
      });
      expect((await ganError(() => resolve({set: ['backend.threads=many']}))).code).to.equal('GAN_CONFIG_VALUE');
      expect((await ganError(() => resolve({set: ['backend.strands=2']}))).message)
        .to.contain("'backend.strands'")
        .and.contain('no backend has this option');
    });
  });

  describe('epochs and steps', () => {
    it('the stronger layer counts', async () => {
      const {config} = await resolve({flags: flags({epochs: '3'})}, {steps: 100});
      expect(config).to.include({epochs: 3}).and.not.have.property('steps');
      expect((await resolve({flags: flags({steps: '50'})}, {epochs: 2})).config).to.include({steps: 50});
    });

    it('in one layer both are kept, and the run takes the steps', async () => {
      expect((await resolve({}, {steps: 100, epochs: 3})).config).to.include({steps: 100, epochs: 3});
    });
  });

  describe('values that are left out', () => {
    it('by none on the command line and null in a file override the recipe', async () => {
      expect((await resolve({flags: flags({clip: 'none'})})).config).to.not.have.property('clip');
      expect((await resolve({}, {clip: null, wd: null})).config).to.not.have.any.keys('clip', 'wd');
    });
  });

  describe('paths', () => {
    it('in a file are relative to it, on the command line to the working folder', async () => {
      const project = folder();
      write(project, {
        'sub/x': '',
        'images/y': '',
        'package.json': '{}',
        'gan.config.json': JSON.stringify({data: './images', init: 'w.safetensors'}),
      });
      const {config} = await resolveConfig({registry, cwd: path.join(project, 'sub')});
      expect(config).to.include({data: path.join(project, 'images'), init: path.join(project, 'w.safetensors')});
      const named = await resolveConfig({registry, cwd: project, flags: flags({data: 'sub', init: 'v.safetensors'})});
      expect(named.config).to.include({data: path.join(project, 'sub'), init: path.join(project, 'v.safetensors')});
    });

    it('a missing folder is a data error', async () => {
      expect(await ganError(() => resolve({flags: flags({data: 'nowhere'})}))).to.include({
        code: 'GAN_DATA_NOT_FOUND',
        exitCode: 5,
      });
      expect((await resolve({flags: flags({data: 'nowhere'}), withoutData: true})).config.data).to.match(/nowhere$/);
    });
  });

  describe('the config.json of a run', () => {
    const repeats = async (request: Omit<ConfigRequest, 'registry'>, file?: object) => {
      const {config} = await resolve(request, file);
      const saved = path.join(folder(), 'config.json');
      writeFileSync(saved, JSON.stringify(config));
      const again = await resolveConfig({registry, cwd: folder(), file: saved});
      expect(again.config).to.deep.equal(config);
      expect(again.recipe).to.equal(undefined);
      return saved;
    };

    it('repeats it exactly', async () => {
      await repeats({});
      await repeats({flags: flags({clip: 'none', wd: 'none', recipe: 'gan', steps: '7'})});
      await repeats({flags: flags({recipe: 'none', switcher: 'adaptive', data: folder()})}, {switcher: {genThresh: 1}});
    });

    it('repeats it with any scalar values', () =>
      fc.assert(
        fc.asyncProperty(
          fc.double({min: 0, max: 1, noNaN: true}),
          fc.nat(),
          fc.boolean(),
          fc.constantFrom('1', '3', '4'),
          async (lr, seed, genFirst, channels) => {
            await repeats({}, {lr, seed, genFirst, channels: Number(channels)});
            removeFolders();
          },
        ),
        {numRuns: 25},
      )).timeout(20_000);

    it('takes flags on top, and a recipe only when asked', async () => {
      const saved = await repeats({flags: flags({clip: 'none'})});
      const {config} = await resolveConfig({registry, cwd: folder(), file: saved, flags: flags({epochs: '9'})});
      expect(config).to.include({epochs: 9}).and.not.have.property('clip');
      const asked = await resolveConfig({registry, cwd: folder(), file: saved, flags: flags({recipe: 'wgan'})});
      expect(asked.config).to.include({clip: 0.01});
    });
  });

  describe('mistakes', () => {
    const cases: [string, object, string, RegExp][] = [
      ['an unknown key', {batchsize: 3}, 'GAN_CONFIG_UNKNOWN_KEY', /Did you mean 'batchSize'/],
      ['an unknown key of a part', {switcher: {ncrit: 3}}, 'GAN_CONFIG_UNKNOWN_KEY', /Did you mean 'switcher.nCrit'/],
      ['a part that is no name', {arch: 5}, 'GAN_CONFIG_VALUE', /name/],
      ['a part whose name is no text', {arch: {name: 5}}, 'GAN_CONFIG_VALUE', /name/],
      ['a value of the wrong type', {lr: [1]}, 'GAN_CONFIG_VALUE', /lr/],
      ['a value out of range', {size: 0}, 'GAN_CONFIG_VALUE', /size/],
      ['data that is no text', {data: 5}, 'GAN_CONFIG_VALUE', /.*/],
    ];
    for (const [what, file, code, hint] of cases) {
      it(`${what} in a file is named with the file`, async () => {
        const error = await ganError(() => resolve({}, file));
        expect(error).to.include({code, exitCode: 3});
        expect(error.message).to.contain('gan.config.json');
        expect(error.suggestions.join(' ')).to.match(hint);
      });
    }

    for (const [text, exitCode] of [
      ['nonsense', 2],
      ['=3', 2],
      ['lr', 2],
      ['nonsense=1', 3],
      ['lr.x=1', 3],
      ['source=shapes', 3],
      ['arch.nope=1', 3],
      ['size=0', 3],
    ] as const) {
      it(`--set ${text} exits ${exitCode}`, async () => {
        expect((await ganError(() => resolve({set: [text]}))).exitCode).to.equal(exitCode);
      });
    }

    it('an unknown part is named with where it came from', async () => {
      const error = await ganError(() => resolve({}, {loss: 'hinges'}));
      expect(error.code).to.equal('GAN_UNKNOWN_PART');
      expect(error.message).to.contain('gan.config.json');
    });
  });
});
