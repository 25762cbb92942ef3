import {expect} from 'chai';
import {pictureChoices} from '../dist/cli/pictures/sample-pictures.js';
import {environmentLayer} from '../dist/config/environment.js';
import {assertVariables, bytesOf, hasValue, secondsOf, variables, type Variable} from '../dist/variables.js';
import {instructionSets} from '../plugins/native/src/addon.js';
import {gan} from './commands/helpers.js';
import {folder, ganError, removeFolders} from './plugin/helpers.js';

/** Of each variable that may not be any text: values that are right, and others. */
const values: Partial<Record<Variable, [right: string[], wrong: string[]]>> = {
  GAN_DEBUG: [
    ['capture', 'kernels,sync', 'alloc, cudnn'],
    ['kernel', 'capture,all', '1'],
  ],
  GAN_DATA_CACHE: [
    ['0', '50G', '1.5TB', '200 MiB'],
    ['lots', '-5', '5 bananas', 'G'],
  ],
  GAN_PICTURES: [[...pictureChoices], ['big', 'Kitty', 'auto,none']],
  GAN_PLUGINS: [
    ['on', 'off'],
    ['no', '0'],
  ],
  GAN_PLUGIN_SECONDS: [
    ['1', '0.5', '1e2'],
    ['0', '-1', 'soon', 'Infinity', 'NaN'],
  ],
  GAN_NATIVE: [
    ['on', 'off'],
    ['0', 'avx2'],
  ],
  GAN_NATIVE_ISA: [
    ['auto', ...instructionSets],
    ['avx1024', 'sse'],
  ],
  GAN_CUDA_PROBE_SECONDS: [['60'], ['0', 'long']],
  GAN_WEBGPU_SOFTWARE: [
    ['0', '1'],
    ['yes', 'true'],
  ],
};

describe('variables of the environment', () => {
  after(removeFolders);

  it('are checked, each of which is not any text', async () => {
    const checked = Object.entries(variables).filter(([, facts]) => Object.keys(facts).length > 1);
    expect(Object.keys(values)).to.have.members(checked.map(([name]) => name));
    for (const [name, [right, wrong]] of Object.entries(values)) {
      for (const value of ['', ...right]) assertVariables({[name]: value});
      for (const value of wrong) {
        const error = await ganError(() => assertVariables({[name]: value}));
        expect(error, `${name}=${value}`).to.include({code: 'GAN_CONFIG_VALUE', exitCode: 3});
        expect(error.message).to.contain(`${name} is '${value}'`);
      }
    }
  });

  it('mean what the table says', () => {
    expect(secondsOf('GAN_PLUGIN_SECONDS', {})).to.equal(10);
    expect(secondsOf('GAN_PLUGIN_SECONDS', {GAN_PLUGIN_SECONDS: '2.5'})).to.equal(2.5);
    expect(bytesOf('GAN_DATA_CACHE', {})).to.equal(undefined);
    expect(bytesOf('GAN_DATA_CACHE', {GAN_DATA_CACHE: '1.5K'})).to.equal(1536);
    expect(bytesOf('GAN_DATA_CACHE', {GAN_DATA_CACHE: '2 GiB'})).to.equal(2 ** 31);
    expect(hasValue('GAN_DEBUG', 'sync', {GAN_DEBUG: 'capture, sync'})).to.equal(true);
    expect(hasValue('GAN_DEBUG', 'alloc', {GAN_DEBUG: 'capture,sync'})).to.equal(false);
  });

  it('are no keys; one letter away from one is told', async () => {
    expect([...environmentLayer(Object.fromEntries(Object.keys(variables).map((name) => [name, 'x'])))]).to.deep.equal(
      [],
    );
    const {suggestions} = await ganError(() => environmentLayer({GAN_RANK_TIMOUT: '5'}));
    expect(suggestions[0]).to.contain('GAN_RANK_TIMEOUT');
    const ofOthers = {GAN_TRAIN__LR: '1', GAN_NATIVE__THREADS: '2', GAN_PLUGINS__X: 'y'};
    expect([...environmentLayer(ofOthers)]).to.deep.equal([]);
  });

  it('are refused by commands', async () => {
    const {code, stderr} = await gan(['parts', 'loss'], {cwd: folder(), env: {GAN_PLUGIN_SECONDS: 'soon'}});
    expect(code).to.equal(3);
    expect(stderr).to.contain("GAN_PLUGIN_SECONDS is 'soon'; it may be a number of seconds");
  });
});
