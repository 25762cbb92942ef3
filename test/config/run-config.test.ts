import {expect} from 'chai';
import {readFileSync, rmSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import {planRun} from '../../dist/cli/training/plan-run.js';
import {resolveConfig} from '../../dist/config/resolve.js';
import {configKeys, scalarFacts, scalarKeys, singleFacts, singleKeys} from '../../dist/options/config-keys.js';
import {checkOption} from '../../dist/options/options-check.js';
import {openRegistry} from '../../dist/plugin/discover.js';
import {RunFolder} from '../../dist/runs/run-folder.js';
import {folder, ganError, removeFolders} from '../plugin/helpers.js';

const registry = openRegistry();

/** A file with the configuration of a run, without the keys that are named. */
async function saved(set: string[], without: string[] = []): Promise<string> {
  const {config} = await resolveConfig({registry, set, ignoreFiles: true});
  const file = path.join(folder(), 'config.json');
  writeFileSync(
    file,
    JSON.stringify(Object.fromEntries(Object.entries(config).filter(([key]) => !without.includes(key)))),
  );
  return file;
}

/** What a run's folder with such a config.json says. */
function read(json: string): ReturnType<RunFolder['readConfig']> {
  const dir = folder();
  writeFileSync(path.join(dir, 'config.json'), json);
  return new RunFolder(dir).readConfig();
}

/** What the first version of gan did not have. */
const came = ['augment', 'metrics', 'callbacks', 'metricImages', 'tensorboard', 'histogramEvery', 'capture'];

describe('the configuration of an older run', () => {
  afterEach(removeFolders);

  it('is read with what the run had in the place of keys that came later', async () => {
    const config = await read(readFileSync(await saved(['lr=0.5'], came), 'utf8'));
    expect(config).to.deep.include({
      lr: 0.5,
      augment: [],
      metrics: [],
      callbacks: [],
      metricImages: 256,
      tensorboard: false,
      histogramEvery: 0,
      capture: 'auto',
    });
  });

  it('has a list of the one part that it named before the key was a list, or of none', async () => {
    const r1 = {name: 'r1', options: {gamma: 10, every: 1}};
    const file = await saved(['recipe=none', 'clip=none'], ['penalty']);
    const older = readFileSync(file, 'utf8');
    const withOne = JSON.stringify({...(JSON.parse(older) as object), penalty: r1});
    expect((await read(withOne)).penalty).to.deep.equal([r1]);
    expect((await read(older)).penalty).to.deep.equal([]);
    writeFileSync(file, withOne);
    expect((await resolveConfig({registry, file, cwd: folder()})).config.penalty).to.deep.equal([r1]);
  });

  it('keeps what it has', async () => {
    const file = await saved(['metricImages=9', 'capture=off', 'augment=flip', 'tensorboard=true']);
    const json = readFileSync(file, 'utf8');
    expect(await read(json)).to.deep.equal(JSON.parse(json));
  });

  it('is complete: no recipe is applied to it', async () => {
    const file = await saved(['recipe=none', 'clip=none', 'lr=0.5'], came);
    const {config, recipe, origins} = await resolveConfig({registry, file, cwd: folder()});
    expect(recipe).to.equal(undefined);
    expect(config).to.include({lr: 0.5, metricImages: 256}).and.not.have.property('clip');
    expect(origins).to.include({metricImages: 'default', augment: 'default'});
    const without = await saved(['recipe=none', 'clip=none'], ['lr']); // which every run has
    expect((await resolveConfig({registry, file: without, cwd: folder()})).recipe).to.equal('quick');
  });
});

describe('the table of keys', () => {
  it('has defaults and values of older runs that are valid', () => {
    for (const key of scalarKeys) {
      const {spec, older} = scalarFacts(key);
      for (const value of [spec.default, older])
        if (value !== undefined) expect(checkOption(key, spec, {value, origin: 'the table'})).to.equal(value);
    }
  });

  it('names parts that there are', () => {
    for (const key of singleKeys) {
      const {kind, default: name, optional, auto} = singleFacts(key);
      const special = [...(optional ? ['none'] : []), ...(auto ? ['auto'] : [])];
      expect([...registry.names(kind), ...special], key).to.include(name);
    }
  });
});

describe('a run that goes on', () => {
  afterEach(removeFolders);

  const change = async (...changes: [key: string, value: string][]): Promise<unknown> => {
    const resume = path.dirname(await saved(['metrics=swd']));
    const flags = new Map(changes.map(([key, value]) => [key, {value, origin: `--${key}`, blame: 'usage' as const}]));
    return planRun({registry, data: undefined, out: undefined, resume, flags});
  };

  it('takes what decides how long it lasts, what it writes and where it computes', async () => {
    expect(await change(['steps', '9'])).to.have.nested.property('config.steps', 9);
    expect(await change(['keepBest', 'swd'])).to.have.nested.property('config.keepBest', 'swd');
    expect(await change(['tensorboard', 'true'])).to.have.nested.property('config.tensorboard', true);
    expect(await change(['backend', 'wasm'], ['backend.threads', '1'])).to.have.nested.property(
      'backend.options.threads',
      1,
    );
  });

  it('takes its data from another place; GAN_DATA counts when the old one is gone', async () => {
    const [old, moved] = [folder(), folder()];
    const resume = path.dirname(await saved([`data=${old}`]));
    const planned = async (request: Partial<Parameters<typeof planRun>[0]>): Promise<string> =>
      (await planRun({registry, data: undefined, out: undefined, resume, ...request})).config.data;
    const env = {GAN_DATA: moved};
    expect(await planned({})).to.equal(old);
    expect(await planned({data: moved})).to.equal(moved);
    expect(await planned({set: [`data=${moved}`]})).to.equal(moved);
    expect(await planned({env})).to.equal(old);
    rmSync(old, {recursive: true});
    expect(await planned({env})).to.equal(moved);
    const {code, suggestions} = await ganError(() => planned({}));
    expect(code).to.equal('GAN_DATA_NOT_FOUND');
    expect(suggestions.join()).to.contain(`gan fit --resume ${resume} --data DATA`);
    expect(await planned({data: moved, env: {GAN_DATA: '/nowhere'}})).to.equal(moved);
  });

  it('refuses every other key, and names those that it takes', async () => {
    for (const [key, facts] of Object.entries(configKeys)) {
      if ('resumable' in facts) continue;
      const {code, suggestions} = await ganError(() => change([key, '1']));
      expect(code, key).to.equal('GAN_RESUME_CHANGE');
      expect(suggestions.join()).to.contain('--keep-best').and.contain('--backend').and.not.contain(`--${key},`);
    }
  });
});
