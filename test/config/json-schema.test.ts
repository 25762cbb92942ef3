/** The schema for editors against what `resolveConfig` takes and refuses, judged by ajv. */
import {Ajv, type ValidateFunction} from 'ajv';
import {expect} from 'chai';
import fc from 'fast-check';
import {readFileSync} from 'node:fs';
import path from 'node:path';
import {configSchema} from '../../dist/config/json-schema.js';
import {resolveConfig} from '../../dist/config/resolve.js';
import {scalarSpecs} from '../../dist/options/config-keys.js';
import {openRegistry} from '../../dist/plugin/discover.js';
import type {OptionSpec} from '../../dist/options/options.js';
import {root} from '../commands/helpers.js';
import {folder, pack, removeFolders, write} from '../plugin/helpers.js';

const module = (name: string): string =>
  `export default ({switcher, opt}) => switcher({name: '${name}', summary: 'A test.', options: {often: opt.int(2, {min: 1, max: 5})}, create: () => () => 'critic'});`;

describe('configSchema', () => {
  let valid: ValidateFunction;
  const plugin = () =>
    pack(
      'gan-plugin-turns',
      {api: 2, switchers: {turns: './t.js', broken: './b.js'}},
      {'t.js': module('turns'), 'b.js': 'export default ('},
    );
  let registry: ReturnType<typeof openRegistry>;
  before(async () => {
    registry = openRegistry([plugin()]);
    valid = new Ajv({allErrors: true}).compile(await configSchema(registry));
  });
  after(removeFolders);

  /** Whether the schema and gan agree, and on what. */
  async function both(config: unknown): Promise<boolean> {
    const cwd = folder();
    write(cwd, {'gan.config.json': JSON.stringify(config)});
    const taken = await resolveConfig({registry, cwd}).then(
      () => true,
      () => false,
    );
    expect(valid(config), JSON.stringify([config, valid.errors])).to.equal(taken);
    return taken;
  }

  const good: object[] = [
    {},
    {$schema: './x.json', recipe: 'none'},
    {lr: 0.1, clip: null, wd: 'none', channels: 1},
    {channels: '4'},
    {data: 'builtin:shapes', source: {count: 3}},
    {arch: 'basic'},
    {arch: {nFeatures: 8}},
    {arch: {name: 'gan-critic', p: 0.5}},
    {arch: {name: 'gan-critic', options: {p: 0.5}}},
    {arch: {options: {nFeatures: 8}}},
    {penalty: null},
    {penalty: 'none'},
    {penalty: {name: 'r1', gamma: 1}},
    {backend: 'auto'},
    {augment: ['flip', {name: 'flip2', p: 1}].slice(0, 1)},
    {augment: [{name: 'flip', p: 0.1}]},
    {metrics: []},
    {switcher: 'turns'},
    {switcher: 'gan-plugin-turns:turns'},
    {switcher: {name: 'gan-plugin-turns:turns', often: 5}},
  ];
  for (const config of good)
    it(`takes ${JSON.stringify(config)}, as gan does`, async () => expect(await both(config)).to.equal(true));

  const bad: unknown[] = [
    [],
    {batchsize: 3},
    {lr: []},
    {lr: -1},
    {size: 0},
    {size: 4.5},
    {resize: 'stretch'},
    {genFirst: 1},
    {init: ''},
    {data: 5},
    {source: {nope: 1}},
    {source: 'shapes'},
    {source: {count: 0}},
    {arch: 5},
    {arch: 'nope'},
    {arch: null},
    {arch: {name: 'basic', p: 0.5}},
    {arch: {name: 'basic', options: {p: 0.5}}},
    {arch: {name: 'nope'}},
    {arch: {nope: 1}},
    {augment: ['nope']},
    {augment: [{p: 1}]},
    {switcher: {name: 'turns', often: 9}},
    {switcher: 'gan-plugin-turn:turns'},
    {recipe: 'nope'},
    {seed: null},
  ];
  for (const config of bad)
    it(`refuses ${JSON.stringify(config)}, as gan does`, async () => expect(await both(config)).to.equal(false));

  it('takes what gan takes for any plain values', () =>
    fc.assert(
      fc.asyncProperty(
        fc.record(
          Object.fromEntries(
            Object.entries(scalarSpecs)
              .filter(([key]) => key !== 'init')
              .map(([key, spec]) => [key, anyValue(spec)]),
          ),
          {requiredKeys: []},
        ),
        async (config) => void (await both(config)),
      ),
      {numRuns: 150},
    ));

  it('takes the config.json of a run with every recipe', async () => {
    for (const recipe of registry.names('recipe')) {
      const {config} = await resolveConfig({
        registry,
        set: [`recipe=${recipe}`, 'augment=flip', 'metrics=swd', 'schedule=cosine'],
      });
      expect(valid(JSON.parse(JSON.stringify(config))), JSON.stringify(valid.errors)).to.equal(true);
    }
  });

  it('is shipped for what is built in', async () => {
    const shipped = JSON.parse(readFileSync(path.join(root, 'dist/gan.schema.json'), 'utf8')) as unknown;
    expect(shipped).to.deep.equal(JSON.parse(JSON.stringify(await configSchema(openRegistry()))));
  });
}).timeout(30_000);

/**
 * Values in and around the range, and of the wrong type. (Text that is a number is left out: gan takes it, editors mark
 * it.)
 */
function anyValue(spec: OptionSpec): fc.Arbitrary<unknown> {
  const odd = fc.constantFrom<unknown>(null, true, 'none', [], {}, 'nonsense');
  const usual: fc.Arbitrary<unknown> =
    spec.type === 'oneOf'
      ? fc.constantFrom(...spec.values)
      : spec.type === 'bool'
        ? fc.boolean()
        : fc.oneof(fc.integer({min: -5, max: 5000}), fc.double({min: -2, max: 200, noNaN: true}));
  return fc.oneof({weight: 9, arbitrary: usual}, {weight: 1, arbitrary: odd});
}
