import {expect} from 'chai';
import type {Tf} from '../../dist/backends/tf.js';
import type {Nn} from '../../dist/gan/nn.js';
import type {PackageInfo} from '../../dist/plugin/manifest.js';
import {Registry} from '../../dist/plugin/registry.js';
import {ganError, noTensors, pack, removeFolders} from './helpers.js';

const switcher = (name: string, body = `() => 'critic'`): string =>
  `export default ({switcher, opt}) => switcher({name: '${name}', summary: 'A test.', options: {n: opt.int(2, {min: 1})}, create: ({n}) => Object.assign(${body}, {n})});`;
const registry = (...packages: PackageInfo[]) => new Registry(packages, noTensors);

describe('Registry', () => {
  after(removeFolders);

  it('lists names from package.json without loading a module', () => {
    const parts = registry(pack('a', {api: 1, switchers: {one: './missing.js'}, recipes: {two: './throws.js'}}));
    expect(parts.names('switcher')).to.deep.equal(['one']);
    expect(parts.names('recipe')).to.deep.equal(['two']);
    expect(parts.names('loss')).to.deep.equal([]);
    expect(parts.problems).to.deep.equal([]);
  });

  it('makes a part with its defaults, or with the options given', async () => {
    const parts = registry(pack('a', {api: 1, switchers: {one: './one.js'}}, {'one.js': switcher('one')}));
    expect(await parts.create('switcher', 'one')).to.have.property('n', 2);
    const given = new Map([['n', {value: '5', origin: '--set'}]]);
    expect(await parts.create('switcher', 'one', given)).to.have.property('n', 5);
  });

  it('checks options when a part is made', async () => {
    const parts = registry(pack('a', {api: 1, switchers: {one: './one.js'}}, {'one.js': switcher('one')}));
    const error = await ganError(() => parts.create('switcher', 'one', new Map([['m', {value: 1, origin: 'a file'}]])));
    expect(error.code).to.equal('GAN_CONFIG_UNKNOWN_KEY');
    expect(error.suggestions.join(' ')).to.contain("Did you mean 'n'?");
  });

  it('gives a name to the package that declares it first, and reports the second', async () => {
    const first = pack('first', {api: 1, switchers: {one: './one.js'}}, {'one.js': switcher('one')});
    const second = pack('second', {api: 1, switchers: {one: './missing.js'}});
    const parts = registry(first, second);
    expect(parts.list('switcher').map((part) => part.package)).to.deep.equal(['first']);
    expect(parts.problems).to.have.length(1);
    expect(parts.problems[0]).to.include({package: 'second'});
    expect(parts.problems[0]?.reason).to.contain("'one'").and.contain('first');
    expect(await parts.load('switcher', 'one')).to.have.property('summary', 'A test.');
  });

  it('lets parts of different kinds have one name', () => {
    expect(registry(pack('a', {api: 1, losses: {x: './l.js'}, recipes: {x: './r.js'}})).problems).to.deep.equal([]);
  });

  describe('leaves out, with a reason, a package', () => {
    const cases: [string, unknown, RegExp][] = [
      ['for another API', {api: 2, losses: {x: './x.js'}}, /API 2.*has 1/],
      ['that names no API', {losses: {x: './x.js'}}, /API \(none given\)/],
      ['whose block is no object', [1], /must be an object/],
    ];
    for (const [what, gan, reason] of cases) {
      it(what, () => {
        const parts = registry(pack('bad', gan), pack('good', {api: 1, losses: {y: './y.js'}}));
        expect(parts.names('loss')).to.deep.equal(['y']);
        expect(parts.problems.map((problem) => problem.package)).to.deep.equal(['bad']);
        expect(parts.problems[0]?.reason).to.match(reason);
      });
    }
  });

  describe('leaves out, with a reason, an entry', () => {
    const cases: [string, Record<string, unknown>, RegExp][] = [
      ['of an unknown kind', {loses: {x: './x.js'}}, /no key "loses"; did you mean "losses"/],
      ['that is no map', {losses: './x.js'}, /must map names to files/],
      ['whose name cannot be typed', {losses: {'My Loss': './x.js'}}, /lower-case/],
      ['whose file is no relative path', {losses: {x: 'x.js'}}, /starts with "\.\/"/],
      ['whose file is outside the package', {losses: {x: './../x.js'}}, /outside/],
    ];
    for (const [what, block, reason] of cases) {
      it(what, () => {
        const parts = registry(pack('a', {api: 1, recipes: {fine: './fine.js'}, ...block}));
        expect(parts.names('recipe')).to.deep.equal(['fine']);
        expect(parts.names('loss')).to.deep.equal([]);
        expect(parts.problems[0]?.reason).to.match(reason);
      });
    }
  });

  describe('says what is wrong with a part that does not load', () => {
    const cases: [string, Record<string, string>, RegExp][] = [
      ['its file is missing', {}, /does not exist/],
      ['its module throws', {'x.js': "throw new Error('boom');"}, /boom/],
      ['its module cannot be parsed', {'x.js': 'export default ('}, /cannot be used/],
      ['it has no default export', {'x.js': 'export const x = 1;'}, /no default export/],
      ['its function throws', {'x.js': "export default () => { throw new Error('bang'); };"}, /bang/],
      ['its function returns nothing', {'x.js': 'export default () => {};'}, /must return a switcher/],
      ['its function is async', {'x.js': 'export default async () => ({});'}, /calls it 'x', its module 'undefined'/],
      ['it is of another kind', {'x.js': "export default ({loss}) => loss({name: 'x', summary: 's', create() {}});"}, /declares a switcher, the module returns a loss/],
      ['it has another name', {'x.js': switcher('y')}, /calls it 'x', its module 'y'/],
      ['it has no summary', {'x.js': "export default () => ({name: 'x', create() {}});"}, /no summary/],
      ['it has no create', {'x.js': "export default () => ({name: 'x', summary: 's'});"}, /no function `create`/],
      ['its options are no specifications', {'x.js': "export default () => ({name: 'x', summary: 's', options: {n: 5}, create() {}});"}, /option 'n'.*is not made by opt/],
      ['a default breaks its range', {'x.js': "export default ({opt}) => ({name: 'x', summary: 's', options: {n: opt.int(0, {min: 1})}, create() {}});"}, /breaks its own rule/],
    ];
    for (const [what, files, message] of cases) {
      it(what, async () => {
        const parts = registry(pack('bad', {api: 1, switchers: {x: './x.js', good: './good.js'}}, {...files, 'good.js': switcher('good')}));
        const error = await ganError(() => parts.load('switcher', 'x'));
        expect(error.code).to.equal('GAN_PLUGIN_BROKEN');
        expect(error.message).to.contain("switcher 'x' of bad").and.match(message);
        expect(await parts.load('switcher', 'good')).to.have.property('name', 'good');
      });
    }

    it('a broken backend is an error of kind backend', async () => {
      const parts = registry(pack('bad', {api: 1, backends: {x: './x.js'}}));
      expect(await ganError(() => parts.load('backend', 'x'))).to.include({kind: 'backend', exitCode: 4});
    });
  });

  describe('an unknown name', () => {
    it('is a usage error that lists the names, the nearest first', async () => {
      const parts = registry(pack('a', {api: 1, losses: {bce: './a.js', wgan: './b.js', hinge: './c.js'}}));
      const error = await ganError(() => parts.load('loss', 'wgna', '--loss'));
      expect(error).to.include({code: 'GAN_UNKNOWN_PART', kind: 'usage', exitCode: 2});
      expect(error.message).to.contain("no loss 'wgna' (from --loss)");
      expect(error.suggestions[0]).to.equal("Did you mean 'wgan'?");
      expect(error.suggestions[1]).to.match(/^There are: wgan, /);
    });

    it('tells of plug-ins that were left out: it may be in one of them', async () => {
      const parts = registry(pack('too-new', {api: 9, losses: {hinge: './a.js'}}));
      const error = await ganError(() => parts.load('loss', 'hinge'));
      expect(error.suggestions.join(' ')).to.contain('None is installed').and.contain('too-new is left out');
    });
  });

  describe('tf and nn', () => {
    const tensors = () => {
      const counts = {loads: 0};
      const load = async () => {
        counts.loads++;
        return {tf: {answer: 42} as unknown as Tf, nn: {layer: 'dense'} as unknown as Nn};
      };
      return {counts, load};
    };
    const block = {api: 1, losses: {x: './x.js'}};

    it('are not loaded by a part that only takes them', async () => {
      const {counts, load} = tensors();
      const parts = new Registry([pack('a', block, {'x.js': "export default ({loss, tf, nn}) => loss({name: 'x', summary: 's', create: () => ({critic: () => tf.answer, generator: () => nn.layer})});"})], load);
      expect((await parts.load('loss', 'x')).summary).to.equal('s');
      expect(counts.loads).to.equal(0);
      const made = await parts.create('loss', 'x');
      expect(counts.loads).to.equal(0);
      await parts.tensors.load();
      const scores = {} as Parameters<typeof made.critic>[0];
      expect(made.critic(scores)).to.equal(42);
    });

    it('are loaded when a part uses them in create', async () => {
      const {counts, load} = tensors();
      const parts = new Registry([pack('a', block, {'x.js': "export default ({loss, nn}) => loss({name: 'x', summary: 's', create: () => ({layer: nn.layer})});"})], load);
      expect(await parts.create('loss', 'x')).to.have.property('layer', 'dense');
      expect(await parts.create('loss', 'x')).to.have.property('layer', 'dense');
      expect(counts.loads).to.equal(1);
    });

    it('are loaded when a part uses them at once', async () => {
      const {counts, load} = tensors();
      const parts = new Registry([pack('a', block, {'x.js': "export default ({loss, tf}) => { const {answer} = tf; return loss({name: 'x', summary: `is ${answer}`, create() {}}); };"})], load);
      expect((await parts.load('loss', 'x')).summary).to.equal('is 42');
      expect(counts.loads).to.equal(1);
    });
  });
});
