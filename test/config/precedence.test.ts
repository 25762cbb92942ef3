/** Which of several places wins: against a model that looks each value up, from the strongest place to the weakest. */
import {expect} from 'chai';
import fc from 'fast-check';
import {rmSync} from 'node:fs';
import path from 'node:path';
import {variableOf} from '../../dist/config/environment.js';
import {resolveConfig} from '../../dist/config/resolve.js';
import {openRegistry} from '../../dist/plugin/discover.js';
import {folder, pack, removeFolders, write} from '../plugin/helpers.js';

/** From the strongest to the weakest, as docs/configuration.md lists them. */
const places = ['flags', 'set', 'environment', 'project', 'user', 'recipe'] as const;
type Place = (typeof places)[number];
type Values = Record<string, string | number | boolean>;
type Given = Record<Place, Values>;

const keys = {
  lr: fc.double({min: 0, max: 1, noNaN: true}),
  batchSize: fc.integer({min: 1, max: 512}),
  genFirst: fc.boolean(),
  resize: fc.constantFrom('crop', 'pad', 'squish'),
  latent: fc.integer({min: 1, max: 300}),
  'switcher.nCrit': fc.integer({min: 1, max: 9}),
  'source.count': fc.integer({min: 1, max: 900}),
  'opt.sqrMom': fc.double({min: 0, max: 0.99, noNaN: true}),
};
const values: fc.Arbitrary<Values> = fc.record(keys, {requiredKeys: []}) as fc.Arbitrary<Values>;
const anywhere: fc.Arbitrary<Given> = fc.record(
  Object.fromEntries(places.map((place) => [place, values])) as Record<Place, fc.Arbitrary<Values>>,
);

/** `{'switcher.nCrit': 3}` to `{switcher: {nCrit: 3}}`. */
function nested(flat: Values): Record<string, unknown> {
  const out: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(flat)) {
    const [top = '', option] = key.split('.');
    if (option === undefined) out[top] = typeof out[top] === 'object' ? {...out[top], name: value} : value;
    else
      out[top] = {
        ...(typeof out[top] === 'object' ? out[top] : out[top] === undefined ? {} : {name: out[top]}),
        [option]: value,
      };
  }
  return out;
}

describe('precedence', () => {
  let registry: ReturnType<typeof openRegistry>;
  let [project, user] = ['', ''];
  before(() => {
    const recipe = pack(
      'gan-plugin-given',
      {api: 2, recipes: {given: './x.js'}},
      {
        'x.js':
          "export default ({recipe}) => recipe({name: 'given', summary: 'A test.', create: () => ({source: 'a test', values: globalThis.givenRecipe})});",
      },
    );
    registry = openRegistry([{...recipe, pjson: {...recipe.pjson}}]);
    [project, user] = [folder(), folder()];
  });
  after(removeFolders);

  async function resolve(given: Given) {
    (globalThis as {givenRecipe?: unknown}).givenRecipe = nested(given.recipe);
    rmSync(path.join(project, 'gan.config.json'), {force: true});
    write(project, {'package.json': '{}', 'gan.config.json': JSON.stringify(nested(given.project))});
    write(user, {'config.json': JSON.stringify(nested(given.user))});
    return resolveConfig({
      registry,
      cwd: project,
      userFolder: user,
      flags: new Map([
        ['recipe', {value: 'given', origin: '--recipe'}],
        ...Object.entries(given.flags).map(
          ([key, value]) => [key, {value: String(value), origin: `--${key}`}] as const,
        ),
      ]),
      set: Object.entries(given.set).map(([key, value]) => `${key}=${value}`),
      env: Object.fromEntries(
        Object.entries(given.environment).map(([key, value]) => [variableOf(key), String(value)]),
      ),
    });
  }

  const origins: Record<Place, (key: string) => string | RegExp> = {
    flags: (key) => `--${key}`,
    set: (key) => `--set ${key}`,
    environment: variableOf,
    project: () => path.join(project, 'gan.config.json'),
    user: () => path.join(user, 'config.json'),
    recipe: () => 'recipe given',
  };

  it('is flags, --set, environment, project, user, recipe, default, for every key by itself', async () => {
    const bare = await resolve({flags: {}, set: {}, environment: {}, project: {}, user: {}, recipe: {}});
    const at = ({config}: Awaited<ReturnType<typeof resolveConfig>>, key: string): unknown => {
      const [top = '', option = ''] = key.split('.');
      const value = config[top as 'lr' | 'opt' | 'source'] as unknown;
      return option === ''
        ? value
        : top === 'source'
          ? (value as Values)[option]
          : (value as {options: Values}).options[option];
    };
    await fc.assert(
      fc.asyncProperty(anywhere, async (given) => {
        const got = await resolve(given);
        for (const key of Object.keys(keys)) {
          const place = places.find((each) => key in given[each]);
          expect(at(got, key), key).to.equal(place === undefined ? at(bare, key) : given[place][key]);
          expect(got.origins[key], key).to.equal(place === undefined ? bare.origins[key] : origins[place](key));
        }
      }),
      {numRuns: 150},
    );
  }).timeout(60_000);

  it('a part counts with the options that were written for it: none from a place where another one was in force', () =>
    fc.assert(
      fc.asyncProperty(
        fc.record(
          Object.fromEntries(
            places.map((place) => [
              place,
              fc.record(
                {arch: fc.constantFrom('basic', 'gan-critic'), 'arch.nFeatures': fc.integer({min: 2, max: 99})},
                {requiredKeys: []},
              ),
            ]),
          ) as unknown as Record<Place, fc.Arbitrary<Values>>,
        ),
        async (given) => {
          // --set and flags are one place: what either says is said of the part that both name
          const merged: Values[] = [{...given.set, ...given.flags}, ...places.slice(2).map((place) => given[place])];
          const named = (from: number): unknown =>
            merged.slice(from).find((layer) => 'arch' in layer)?.['arch'] ?? 'basic';
          const holds = (layer: number): boolean =>
            Array.from({length: layer + 1}, (_, i) => named(i)).every((name) => name === named(0));
          const wanted = merged.find((layer, i) => 'arch.nFeatures' in layer && holds(i))?.['arch.nFeatures'] ?? 64;
          const {config} = await resolve(given);
          expect(config.arch.name).to.equal(named(0));
          expect(config.arch.options['nFeatures']).to.equal(wanted);
        },
      ),
      {numRuns: 150},
    )).timeout(60_000);

  it('holds for the recipe itself: a stronger place names another one', async () => {
    const env = {GAN_RECIPE: 'gan'};
    expect((await resolveConfig({registry, cwd: folder(), env})).recipe).to.equal('gan');
    expect((await resolveConfig({registry, cwd: folder(), env, set: ['recipe=quick']})).recipe).to.equal('quick');
  });
});
