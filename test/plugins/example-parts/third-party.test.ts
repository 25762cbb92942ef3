import {readFileSync} from 'node:fs';
import path from 'node:path';
import {expect} from 'chai';
import {kindNames} from '../../../dist/options/kinds.js';
import {gan, jsonLines} from '../../commands/helpers.js';
import {folder, removeFolders} from '../../plugin/helpers.js';
import {linkedIn, runTool, thirdParty} from '../third-party.js';

/** Backends have an example of their own. */
const kinds = kindNames.filter((kind) => kind !== 'backend');

describe('the example of each kind of part, outside this repository', function () {
  this.timeout(120_000);
  let home: string;
  let cwd: string;
  let env: Record<string, string>;
  before(() => {
    home = thirdParty('example-parts', []);
    cwd = folder();
    env = {GAN_DATA_DIR: linkedIn(home, 'gan-plugin-example-parts')};
  });
  after(removeFolders);

  const ok = async (...args: string[]) => {
    const ran = await gan(args, {cwd, env});
    expect(ran.code, ran.stderr).to.equal(0);
    return ran;
  };

  it('compiles with full types', () => {
    const {status, stdout} = runTool(home, 'typescript/bin/tsc');
    expect({status, stdout}).to.deep.equal({status: 0, stdout: ''});
  });

  it('passes its own tests, of every part', () => {
    const {status, stdout, stderr} = runTool(home, 'mocha/bin/mocha.js');
    expect(status, stdout + stderr).to.equal(0);
    expect(stdout)
      .to.contain(`${1 + 2 * kinds.length + 6} passing`) // package.json; of each part its words and its use; three states, three second derivatives
      .and.contain('trains, and goes on exactly after a stop');
  });

  it('is listed by gan parts, every kind but the backend, with options', async () => {
    const listed = jsonLines((await ok('parts', '--json')).stdout).filter(
      (part) => part['package'] === 'gan-plugin-example-parts',
    );
    expect(listed.map(({kind}) => kind)).to.have.members(kinds);
    expect(listed.find(({name}) => name === 'stairs'))
      .to.have.nested.property('options.factor')
      .that.deep.equals({type: 'num', default: 0.5, min: 0, max: 1, help: 'factor for the learning rate at each step'});
  });

  it('trains with all of its parts at once, each of which can be seen to work', async () => {
    const {stdout} = await ok(
      'fit',
      'builtin:ramps',
      '--arch',
      'perceptron',
      '--loss',
      'soft-hinge',
      '--penalty',
      'drift',
      '--opt',
      'sign',
      '--switcher',
      'every-nth',
      '--schedule',
      'stairs',
      '--augment',
      'brightness,flip',
      '--metrics',
      'mean-gap',
      '--callbacks',
      'stop-below',
      '--recipe',
      'none',
      '--size',
      '16',
      '--latent',
      '8',
      '--batch-size',
      '8',
      '--lr',
      '0.001',
      '--set',
      'callbacks.stop-below.loss=1000',
      '--set',
      'callbacks.stop-below.patience=8',
      '--steps',
      '40',
      '--out',
      'run',
      '--json',
    );
    const events = jsonLines(stdout);
    const steps = events.filter(({type}) => type === 'step');
    expect(steps).to.have.length(8); // stop-below
    expect(steps.map(({mode}) => (mode as string)[0]).join('')).to.equal('ccgccgcc'); // every-nth
    expect(events[0]).to.include({generatorParameters: 8 * 128 + 128 + 128 * 768 + 768}); // perceptron
    const rates = readFileSync(path.join(cwd, 'run/metrics.jsonl'), 'utf8')
      .split('\n')
      .filter((line) => line.includes('"mode"'))
      .map((line) => (JSON.parse(line) as {lr: number}).lr);
    expect(rates).to.deep.equal(rates.map(() => 0.001)); // the first of stairs' steps
    const short = await ok(
      'fit',
      '--arch',
      'perceptron',
      '--recipe',
      'none',
      '--size',
      '16',
      '--batch-size',
      '8',
      '--set',
      'source.count=16',
      '--epochs',
      '1',
      '--metrics',
      'mean-gap',
      '--out',
      'short',
      '--json',
    );
    const epoch = jsonLines(short.stdout).find(({type}) => type === 'epoch')!;
    expect((epoch['columns'] as string[]).at(-1)).to.equal('mean-gap');
    expect((epoch['row'] as number[]).at(-1)).to.be.within(0.001, 1);
  });

  it('exports in its format, checks by gan doctor, and says hello', async () => {
    await ok('export', 'run', '--format', 'shapes', '--set', 'indent=0', '--out', 'out/shapes.json');
    const {shapes} = JSON.parse(readFileSync(path.join(cwd, 'out/shapes.json'), 'utf8')) as {
      shapes: Record<string, number[]>;
    };
    expect(shapes).to.include.keys('generator.0.weight', 'critic.1.bias');
    expect((await gan(['doctor'], {cwd, env})).stdout).to.match(/load +[\d.]+ busy processes a core/);
    expect((await ok('hello', '--to', 'you')).stdout).to.equal('Hello, you!\n');
  });
});
