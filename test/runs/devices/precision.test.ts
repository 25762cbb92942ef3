import {expect} from 'chai';
import {withPrecision} from '../../../dist/runs/devices/precision.js';
import {selectBackend} from '../../../dist/runs/devices/select.js';
import {importTensors} from '../../../dist/plugin/discover.js';
import {Registry} from '../../../dist/plugin/registry.js';
import {ganError, pack, removeFolders} from '../../plugin/helpers.js';

const told = (name: string, priority: number, options: string): string => `export default ({backend, opt}) => backend({
  name: '${name}', summary: 'A test.', priority: ${priority}, options: {${options}},
  create: (given) => ({probe: async () => ({ok: true}), open: async () => ({tfBackend: 'cpu', info: given})}),
});`;
const precision = (...values: string[]): string =>
  `precision: opt.oneOf(${JSON.stringify(values)}, 'fp32', {changesResults: true})`;

/** The first that `auto` would take does not round, the second does by tf32 only, the third by bf16. */
function registry(): Registry {
  const block = {api: 2, backends: {plain: './plain.js', wide: './wide.js', half: './half.js'}};
  const files = {
    'plain.js': told('plain', 3, ''),
    'wide.js': told('wide', 2, precision('fp32', 'tf32')),
    'half.js': told('half', 1, precision('fp32', 'bf16')),
  };
  return new Registry([pack('fakes', block, files)], importTensors);
}

describe('the precision of a training', () => {
  let backends: Registry;
  before(() => {
    backends = registry();
  });
  after(removeFolders);

  it('is an option of a backend that has it, in place of what the backend would take', async () => {
    const half = {name: 'half', options: {precision: 'fp32'}};
    expect(await withPrecision(backends, half, {precision: 'default'})).to.equal(half);
    expect(await withPrecision(backends, half, {precision: 'bf16'})).to.deep.equal({
      name: 'half',
      options: {precision: 'bf16'},
    });
  });

  it('is refused by others, and those that have it are named', async () => {
    for (const name of ['plain', 'wide']) {
      const error = await ganError(() => withPrecision(backends, {name, options: {}}, {precision: 'bf16'}));
      expect(error.code).to.equal('GAN_PRECISION');
      expect(error.message).to.contain(name).and.contain('bf16');
      expect(error.suggestions[0]).to.contain('--backend half').and.not.contain('--backend wide');
    }
  });

  it('lets auto pass over backends that do not have it', async () => {
    const auto = {name: 'auto', options: {}};
    for (const [wanted, name] of [
      ['default', 'plain'],
      ['tf32', 'wide'],
      ['bf16', 'half'],
    ] as const) {
      const {options} = await withPrecision(backends, auto, {precision: wanted});
      const given = new Map(Object.entries(options).map(([key, value]) => [key, {value, origin: 'precision'}]));
      const {device, refused} = await selectBackend(backends, 'auto', given);
      expect(device.name).to.equal(name);
      expect(refused.every(({why}) => why === `it has no precision ${wanted}`)).to.equal(true);
      await device.close();
    }
  });
});
