/** The tests of a plug-in: what every part has to do, by its kind. */
import {stat} from 'node:fs/promises';
import path from 'node:path';
import type {Device} from '../../backends/device.js';
import {openRun} from '../../runs/open-run.js';
import {openRegistry, pluginIn} from '../../plugin/discover.js';
import {settingOf} from '../../options/config-keys.js';
import {kindNames, partKinds, type KindFacts, type PartKind} from '../../options/kinds.js';
import type {DeclaredPart} from '../../plugin/manifest.js';
import type {Registry} from '../../plugin/registry.js';
import {globalRunner, type TestRunner} from '../conformance/mocha.js';
import {saveAndLoad, stopAndGo, withTraining, type SmallTraining} from './stop-and-go.js';

export interface TestPluginOptions {
  /** Settings of the small trainings, as for `--set`: for an architecture that wants another size, for instance. */
  set?: readonly string[];
  /**
   * False: an architecture, an augmentation or a loss that no penalty can be trained with, since its operations lack
   * second derivatives. Default: true.
   */
  penalties?: boolean;
  /** Default: the global describe, it and after. */
  runner?: TestRunner;
}

/** A part under test, by its full name. */
interface Use {
  registry: Registry;
  part: DeclaredPart;
  name: string;
  training(more?: readonly string[]): Promise<SmallTraining>;
}

interface PartTest {
  promise: string;
  check(use: Use): Promise<unknown>;
}

/** The promise of each kind of part, and the test of the promise. */
const tests: Readonly<Record<KindFacts['test'], PartTest>> = {
  train: {promise: 'trains, and goes on exactly after a stop', check: checkTraining},
  export: {promise: 'writes files', check: checkExporter},
  examine: {promise: 'finds something', check: checkFindings},
  configure: {promise: 'gives a configuration', check: checkRecipe},
  create: {promise: 'is made', check: ({registry, part, name}) => registry.create(part.kind, name)},
};

/** Kinds whose parts may have a state of their own. */
const withState: readonly PartKind[] = ['switcher', 'penalty', 'callback'];
const stateTest: PartTest = {promise: 'has the same state after it was saved and loaded', check: checkState};

/** Kinds whose operations a penalty differentiates twice. */
const withDerivatives: readonly PartKind[] = ['architecture', 'augmentation', 'loss'];
const derivativesTest: PartTest = {
  promise: 'trains with penalties, which need second derivatives',
  check: checkDerivatives,
};

/**
 * The parts of a plug-in as a mocha suite: the declarations in its package.json, summaries and help, and for each part
 * what its kind promises. Those of a training train, and go on bit for bit after a stop. Backends have a kit of their
 * own: `testBackend`.
 *
 *     testPlugin(import.meta.dirname + '/..');
 *
 * @param home the folder of the plug-in's package.json; it has to be built
 */
export function testPlugin(
  home: string,
  {set = [], penalties = true, runner = globalRunner('testPlugin')}: TestPluginOptions = {},
): void {
  const {describe, it, after} = runner;
  const plugin = pluginIn(home);
  const registry = openRegistry([plugin]);
  const parts = kindNames.flatMap((kind) => registry.list(kind)).filter((part) => part.package === plugin.name);
  let open: Promise<Device> | undefined;
  const device = () => (open ??= openWasm(registry));
  describe(plugin.name, () => {
    after(async () => (await open)?.close());
    it('has a package.json without faults', async () => {
      const faults = registry.problems.filter((problem) => problem.package === plugin.name).map(({reason}) => reason);
      if (!('oclif' in plugin.pjson))
        faults.push('there is no "oclif": {}, without which `gan plugins install` refuses it');
      if (faults.length > 0) throw new Error(faults.join('\n'));
    });
    for (const part of parts) {
      it(`${part.kind} ${part.name} has a summary, and help for each option`, () => checkWords(registry, part));
      const promises = [
        tests[partKinds[part.kind].test],
        ...(withState.includes(part.kind) ? [stateTest] : []),
        ...(penalties && withDerivatives.includes(part.kind) ? [derivativesTest] : []),
      ];
      for (const {promise, check} of promises)
        it(`${part.kind} ${part.name} ${promise}`, async function () {
          this.timeout(60_000);
          const name = registry.fullName(part.kind, part.name);
          const count = part.kind === 'source' ? [] : ['source.count=52'];
          const training = async (more: readonly string[] = []) => ({
            registry,
            device: await device(),
            set: [...count, ...more, ...set],
          });
          await check({registry, part, name, training});
        });
    }
  });
}

async function checkWords(registry: Registry, {kind, name}: DeclaredPart): Promise<void> {
  const {summary, options = {}} = await registry.load(kind, name);
  if (!/^[A-Z].*\.$/.test(summary)) throw new Error(`its summary is not a sentence: ${summary}`);
  const without = Object.entries(options)
    .filter(([, spec]) => spec.help === undefined)
    .map(([key]) => key);
  if (without.length > 0) throw new Error(`these options have no help: ${without.join(', ')}`);
}

async function checkTraining({part, name, training}: Use): Promise<void> {
  const different = await stopAndGo(await training([settingOf(part.kind, name)]));
  if (different.length > 0)
    throw new Error(
      `a training that is stopped and resumed ends differently from one without a stop. Different: ${different.slice(0, 5).join(', ')}. Is some state missing from save() and load(), or do random numbers not come from rng?`,
    );
}

async function checkState({part, name, training}: Use): Promise<void> {
  const wrong = await saveAndLoad(await training([settingOf(part.kind, name)]));
  if (wrong.length > 0) throw new Error(wrong.join('\n'));
}

async function checkDerivatives({part, name, training}: Use): Promise<void> {
  const small = await training([settingOf(part.kind, name), 'penalty=r1,wgan-gp', 'steps=2']);
  await withTraining(small, () => Promise.resolve());
}

async function checkRecipe({registry, name}: Use): Promise<void> {
  const {resolveConfig} = await import('../../config/resolve.js');
  await resolveConfig({registry, set: [settingOf('recipe', name)], ignoreFiles: true});
}

async function checkExporter({registry, name, training}: Use): Promise<void> {
  const exporter = await registry.create('exporter', name);
  const small = await training();
  await withTraining(small, async (dir) => {
    const run = await openRun(dir, {registry, device: small.device});
    const files = await run.export(exporter, path.join(dir, 'exported'));
    await run.close();
    if (files.length === 0) throw new Error('write() returns no file');
    for (const file of files) if ((await stat(file)).size === 0) throw new Error(`${file} is empty`);
  });
}

async function checkFindings({registry, part, name}: Use): Promise<void> {
  const check = await registry.create('check', name);
  const findings = await check({cwd: process.cwd()});
  if (findings.length === 0) throw new Error('it returns no finding: return at least one that says that all is well');
  for (const finding of findings) {
    if (!['ok', 'warning', 'problem'].includes(finding.state) || typeof finding.what !== 'string')
      throw new Error(`${part.package}: ${JSON.stringify(finding)} is not a finding {name, state, what}`);
    if (finding.state !== 'ok' && typeof finding.fix !== 'string')
      throw new Error(`${part.package}: '${finding.what}' does not say what to do: fix is missing`);
  }
}

async function openWasm(registry: Registry): Promise<Device> {
  const {selectBackend} = await import('../../runs/devices/select.js');
  return (await selectBackend(registry, 'wasm')).device;
}
