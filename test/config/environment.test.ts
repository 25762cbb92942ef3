import {expect} from 'chai';
import fc from 'fast-check';
import {environmentLayer, variableOf} from '../../dist/config/environment.js';
import {topLevelKeys} from '../../dist/options/config-keys.js';
import {resolveConfig} from '../../dist/config/resolve.js';
import {openRegistry} from '../../dist/plugin/discover.js';
import {folder, ganError, removeFolders, write} from '../plugin/helpers.js';

const read = (env: Record<string, string>) =>
  [...environmentLayer(env)].map(([key, {value, origin}]) => [key, value, origin]);

describe('environmentLayer', () => {
  it('reads keys, options of parts, and options of parts in lists', () => {
    expect(
      read({
        GAN_BATCH_SIZE: '3',
        GAN_SWITCHER__N_CRIT: '4',
        GAN_AUGMENT__RANDOM_FLIP__P: '0.1',
        GAN_SOURCE__COUNT: '9',
        PATH: '/bin',
      }),
    ).to.deep.equal([
      ['batchSize', '3', 'GAN_BATCH_SIZE'],
      ['switcher.nCrit', '4', 'GAN_SWITCHER__N_CRIT'],
      ['augment.random-flip.p', '0.1', 'GAN_AUGMENT__RANDOM_FLIP__P'],
      ['source.count', '9', 'GAN_SOURCE__COUNT'],
    ]);
  });

  it('undoes variableOf for every key and for options in camelCase', () => {
    for (const key of topLevelKeys.filter((each) => each !== 'source'))
      expect(read({[variableOf(key)]: 'x'})[0]![0]).to.equal(key);
    const option = fc.stringMatching(/^[a-z][a-z0-9]{0,5}([A-Z][a-z0-9]{1,5}){0,3}$/);
    fc.assert(
      fc.property(fc.constantFrom('arch', 'source', 'switcher'), option, (top, name) => {
        expect(read({[variableOf(`${top}.${name}`)]: 'x'})[0]![0]).to.equal(`${top}.${name}`);
      }),
    );
  });

  it('takes an empty variable as not set, and leaves those of the command line and of others alone', () => {
    expect(
      read({
        GAN_LR: '',
        GAN_DATA_DIR: '/x',
        GAN_CACHE_DIR: '/y',
        GAN_CONFIG_DIR: '/z',
        GAN_NPM_REGISTRY: 'r',
        GAN_TEST_CASES: '5',
        GAN_MY_PLUGIN: '1',
        GANACHE: '2',
      }),
    ).to.deep.equal([]);
  });

  for (const [variable, meant] of [
    ['GAN_BATCHSIZE', 'GAN_BATCH_SIZE'],
    ['GAN_SEDE', 'GAN_SEED'],
    ['GAN_SWITCHR__N_CRIT', 'GAN_SWITCHER__N_CRIT'],
  ] as const) {
    it(`${variable} is an error that names ${meant}`, async () => {
      const error = await ganError(() => environmentLayer({[variable]: '1'}));
      expect(error).to.include({code: 'GAN_CONFIG_UNKNOWN_KEY', exitCode: 3});
      expect(error.suggestions[0]).to.contain(meant);
    });
  }

  it('refuses options of plain values, and a source without an option', async () => {
    expect((await ganError(() => environmentLayer({GAN_LR__X: '1'}))).message).to.contain('plain value');
    expect((await ganError(() => environmentLayer({GAN_SOURCE: 'shapes'}))).suggestions[0]).to.contain(
      'GAN_SOURCE__COUNT',
    );
  });
});

describe("the user's file and the environment", () => {
  const registry = openRegistry();
  after(removeFolders);

  it('are not below or above a run that is there already, but for the backend', async () => {
    const [userFolder, cwd] = [folder(), folder()];
    const {config} = await resolveConfig({registry, cwd});
    write(cwd, {'run/config.json': JSON.stringify(config)});
    write(userFolder, {'config.yaml': 'clip: 5\nbackend: wasm\nsteps: 3\n'});
    const again = await resolveConfig({
      registry,
      cwd,
      file: 'run/config.json',
      userFolder,
      env: {GAN_LR: '1', GAN_BACKEND__THREADS: '1'},
      ofRun: true,
    });
    expect(again.config).to.deep.equal(config);
    expect(again.backend.name).to.equal('wasm');
  });

  it("a complete file stands without the user's: what it leaves out stays out", async () => {
    const [userFolder, cwd] = [folder(), folder()];
    const {config} = await resolveConfig({registry, cwd, set: ['clip=none', 'wd=none']});
    write(cwd, {'run/config.json': JSON.stringify(config)});
    write(userFolder, {'config.json': '{"clip": 5, "wd": 1, "steps": 3, "penalty": "r1", "source": {"seed": 7}}'});
    expect((await resolveConfig({registry, cwd, file: 'run/config.json', userFolder})).config).to.deep.equal(config);
  });

  it('options of built-in data stay behind when a stronger place names a folder', async () => {
    const [userFolder, cwd] = [folder(), folder()];
    write(userFolder, {'config.json': '{"source": {"count": 7}}'});
    write(cwd, {'gan.config.json': '{"data": "./images"}', 'images/x': ''});
    expect((await resolveConfig({registry, cwd, userFolder})).config.source).to.deep.equal({});
  });
});
