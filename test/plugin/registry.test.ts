import {expect} from 'chai';
import type {TensorApi} from '../../dist/plugin/lazy.js';
import type {PackageInfo} from '../../dist/plugin/manifest.js';
import {apiFault} from '../../dist/plugin/manifest.js';
import {Registry} from '../../dist/plugin/registry.js';
import {ganError, noTensors, pack, removeFolders} from './helpers.js';

const switcher = (name: string, body = `() => 'critic'`): string =>
  `export default ({switcher, opt}) => switcher({name: '${name}', summary: 'A test.', options: {n: opt.int(2, {min: 1})}, create: ({n}) => Object.assign(${body}, {n})});`;
const registry = (...packages: PackageInfo[]) => new Registry(packages, noTensors);

describe('Registry', () => {
  after(removeFolders);

  it('lists names from package.json without loading a module', () => {
    const parts = registry(pack('a', {api: 2, switchers: {one: './missing.js'}, recipes: {two: './throws.js'}}));
    expect(parts.names('switcher')).to.deep.equal(['one']);
    expect(parts.names('recipe')).to.deep.equal(['two']);
    expect(parts.names('loss')).to.deep.equal([]);
    expect(parts.problems).to.deep.equal([]);
  });

  it('makes a part with its defaults, or with the options given', async () => {
    const parts = registry(pack('a', {api: 2, switchers: {one: './one.js'}}, {'one.js': switcher('one')}));
    expect(await parts.create('switcher', 'one')).to.have.property('n', 2);
    const given = new Map([['n', {value: '5', origin: '--set'}]]);
    expect(await parts.create('switcher', 'one', given)).to.have.property('n', 5);
  });

  it('checks options when a part is made', async () => {
    const parts = registry(pack('a', {api: 2, switchers: {one: './one.js'}}, {'one.js': switcher('one')}));
    const error = await ganError(() => parts.create('switcher', 'one', new Map([['m', {value: 1, origin: 'a file'}]])));
    expect(error.code).to.equal('GAN_CONFIG_UNKNOWN_KEY');
    expect(error.suggestions.join(' ')).to.contain("Did you mean 'n'?");
  });

  describe('a name that two packages give', () => {
    const one = (name: string) => pack(name, {api: 2, switchers: {one: './one.js'}}, {'one.js': switcher('one')});

    it('is refused by itself, and taken with the plug-in before it, by its full or its short name', async () => {
      const parts = registry(one('gan-plugin-a'), one('@me/gan-plugin-b'));
      const error = await ganError(() => parts.load('switcher', 'one'));
      expect(error).to.include({code: 'GAN_AMBIGUOUS_PART', exitCode: 2});
      expect(error.suggestions.join()).to.contain('gan-plugin-a:one or @me/gan-plugin-b:one');
      for (const name of ['gan-plugin-a:one', 'a:one', '@me/gan-plugin-b:one', '@me/b:one'])
        expect(await parts.load('switcher', name)).to.have.property('summary', 'A test.');
      expect(parts.fullName('switcher', '@me/b:one')).to.equal('@me/gan-plugin-b:one');
    });

    it('is listed as it is to be typed, and reported', () => {
      const parts = registry(one('gan-plugin-a'), one('gan-plugin-b'));
      expect(parts.names('switcher')).to.deep.equal(['gan-plugin-a:one', 'gan-plugin-b:one']);
      expect(parts.clashes).to.deep.equal([
        {kind: 'switcher', name: 'one', packages: ['gan-plugin-a', 'gan-plugin-b']},
      ]);
      expect(parts.problems).to.deep.equal([]);
    });

    it('means the built-in part when there is one', async () => {
      const parts = registry({...one('gan'), builtIn: true}, one('gan-plugin-b'));
      expect(parts.names('switcher')).to.deep.equal(['one', 'gan-plugin-b:one']);
      expect([parts.fullName('switcher', 'one'), parts.fullName('switcher', 'b:one')]).to.deep.equal([
        'one',
        'gan-plugin-b:one',
      ]);
    });
  });

  it('says which plug-in a part is of that is not there', async () => {
    const error = await ganError(() => registry().load('switcher', 'gan-plugin-gone:one'));
    expect(error).to.include({code: 'GAN_PLUGIN_MISSING', exitCode: 3});
    expect(error.message).to.contain("'one'").and.contain('gan-plugin-gone');
    expect(error.suggestions[0]).to.equal('gan plugins install gan-plugin-gone');
  });

  describe('a part of a plug-in that throws while it is used', () => {
    const parts = (body: string) =>
      registry(
        pack(
          'gan-plugin-bad',
          {api: 2, switchers: {bad: './bad.js'}},
          {
            'bad.js': `export default ({switcher, GanError}) => switcher({name: 'bad', summary: 'A test.', create: () => ${body}});`,
          },
        ),
      );
    const facts = {last: 'critic', run: 1, otherSteps: 0, loss: 1} as const;

    it('is named', async () => {
      const made = await parts("() => { throw new TypeError('boom'); }").create('switcher', 'bad');
      const error = await ganError(() => made(facts));
      expect(error).to.include({
        code: 'GAN_PLUGIN_FAILED',
        exitCode: 3,
        message: "The switcher 'bad' of gan-plugin-bad failed: boom",
      });
      expect(error.suggestions.join()).to.contain('bad.js:1');
    });

    it('is named with the method, also when that rejects', async () => {
      const made = await parts(
        "Object.assign(() => 'critic', {save: async () => { throw new Error('boom'); }})",
      ).create('switcher', 'bad');
      expect((await ganError(() => made.save?.())).message).to.contain('failed in save: boom');
    });

    it('may find words of its own', async () => {
      const made = await parts("() => { throw new GanError('data', 'GAN_MINE', 'mine'); }").create('switcher', 'bad');
      expect(await ganError(() => made(facts))).to.include({code: 'GAN_MINE', exitCode: 5});
    });

    it('is refused when `create` makes nothing', async () => {
      expect((await ganError(() => parts('undefined').create('switcher', 'bad'))).message).to.contain(
        'its `create` returns undefined',
      );
    });
  });

  it('lets parts of different kinds have one name', () => {
    expect(registry(pack('a', {api: 2, losses: {x: './l.js'}, recipes: {x: './r.js'}})).problems).to.deep.equal([]);
  });

  describe('leaves out, with a reason, a package', () => {
    const cases: [string, unknown, RegExp][] = [
      ['for another API', {api: 3, losses: {x: './x.js'}}, /API 3.*has 2/],
      ['that names no API', {losses: {x: './x.js'}}, /API \(none given\)/],
      ['whose block is no object', [1], /must be an object/],
    ];
    for (const [what, gan, reason] of cases) {
      it(what, () => {
        const parts = registry(pack('bad', gan), pack('good', {api: 2, losses: {y: './y.js'}}));
        expect(parts.names('loss')).to.deep.equal(['y']);
        expect(parts.problems.map((problem) => problem.package)).to.deep.equal(['bad']);
        expect(parts.problems[0]?.reason).to.match(reason);
      });
    }
  });

  describe('says of a package for another API', () => {
    const changes = {loss: '`critic` and `generator` receive the step, too', penalty: '`critic` is a network'};

    it('which parts are lost, and for each of their kinds what its author has to change', () => {
      const block = {api: 1, losses: {x: './x.js', y: './y.js'}, penalties: {p: './p.js'}, recipes: {r: './r.js'}};
      const fault = apiFault(block, 2, changes);
      expect(fault).to.match(/^it is made for plug-in API 1, this version of gan has 2; /);
      expect(fault).to.contain('it would bring loss x, loss y, penalty p, recipe r; ');
      expect(fault.endsWith(`: loss: ${changes.loss}; penalty: ${changes.penalty}`), fault).to.equal(true);
      expect(apiFault({api: 1, recipes: {r: './r.js'}}, 2, changes)).to.match(/would bring recipe r$/);
    });

    it('what this version has changed, by name of part', () => {
      const fault = apiFault({api: 1, losses: {x: './x.js'}, penalties: {p: './p.js'}, callbacks: {c: './c.js'}});
      expect(fault).to.match(
        /^it is made for plug-in API 1, this version of gan has 2; it would bring loss x, penalty p, callback c; /,
      );
      for (const word of ['`real.scores`', '`create` returns `{network, compute(step)}`', '`runAfter`', '`lastLoss`'])
        expect(fault).to.contain(word);
    });

    it('nothing of old changes when it is made for a newer one, or for none', () => {
      for (const api of [3, undefined, '1'])
        expect(apiFault({api, losses: {x: './x.js'}}, 2, changes)).to.match(/has 2; it would bring loss x$/);
    });

    it('no parts where its block has none', () => {
      expect(apiFault({api: 1, losses: {}, nonsense: 3}, 2, changes)).to.match(/has 2$/);
    });
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
        const parts = registry(pack('a', {api: 2, recipes: {fine: './fine.js'}, ...block}));
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
      [
        'it is of another kind',
        {'x.js': "export default ({loss}) => loss({name: 'x', summary: 's', create() {}});"},
        /declares a switcher, the module returns a loss/,
      ],
      ['it has another name', {'x.js': switcher('y')}, /calls it 'x', its module 'y'/],
      ['it has no summary', {'x.js': "export default () => ({name: 'x', create() {}});"}, /no summary/],
      ['it has no create', {'x.js': "export default () => ({name: 'x', summary: 's'});"}, /no function `create`/],
      [
        'its options are no specifications',
        {'x.js': "export default () => ({name: 'x', summary: 's', options: {n: 5}, create() {}});"},
        /option 'n'.*is not made by opt/,
      ],
      [
        'a default breaks its range',
        {
          'x.js':
            "export default ({opt}) => ({name: 'x', summary: 's', options: {n: opt.int(0, {min: 1})}, create() {}});",
        },
        /breaks its own rule/,
      ],
    ];
    for (const [what, files, message] of cases) {
      it(what, async () => {
        const parts = registry(
          pack('bad', {api: 2, switchers: {x: './x.js', good: './good.js'}}, {...files, 'good.js': switcher('good')}),
        );
        const error = await ganError(() => parts.load('switcher', 'x'));
        expect(error.code).to.equal('GAN_PLUGIN_BROKEN');
        expect(error.message).to.contain("switcher 'x' of bad").and.match(message);
        expect(await parts.load('switcher', 'good')).to.have.property('name', 'good');
      });
    }

    it('a broken backend is an error of kind backend', async () => {
      const parts = registry(pack('bad', {api: 2, backends: {x: './x.js'}}));
      expect(await ganError(() => parts.load('backend', 'x'))).to.include({kind: 'backend', exitCode: 4});
    });
  });

  describe('an unknown name', () => {
    it('is a usage error that lists the names, the nearest first', async () => {
      const parts = registry(pack('a', {api: 2, losses: {bce: './a.js', wgan: './b.js', hinge: './c.js'}}));
      const error = await ganError(() => parts.load('loss', 'wgna', '--loss'));
      expect(error).to.include({code: 'GAN_UNKNOWN_PART', kind: 'usage', exitCode: 2});
      expect(error.message).to.contain("no loss 'wgna' (from --loss)");
      expect(error.suggestions[0]).to.equal("Did you mean 'wgan'?");
      expect(error.suggestions[1]).to.match(/^There are: wgan, /);
    });

    it('tells of plug-ins that were left out: it may be in one of them', async () => {
      const parts = registry(pack('too-new', {api: 9, losses: {hinge: './a.js'}}));
      const error = await ganError(() => parts.load('loss', 'hinge'));
      expect(error.suggestions.join(' ')).to.contain('None is installed').and.contain('too-new is not used');
    });
  });

  describe('tf and nn', () => {
    const tensors = () => {
      const counts = {loads: 0};
      const load = async () => {
        counts.loads++;
        return {tf: {answer: 42}, nn: {layer: 'dense'}} as unknown as TensorApi;
      };
      return {counts, load};
    };
    const block = {api: 2, losses: {x: './x.js'}, callbacks: {x: './x.js'}};

    it('are not loaded to list a part that only takes them, and are there when it is made', async () => {
      const {counts, load} = tensors();
      const parts = new Registry(
        [
          pack('a', block, {
            'x.js':
              "export default ({callback, tf, nn}) => callback({name: 'x', summary: 's', create: () => ({critic: () => tf.answer, generator: () => nn.layer})});",
          }),
        ],
        load,
      );
      expect((await parts.load('callback', 'x')).summary).to.equal('s');
      expect(counts.loads).to.equal(0);
      const made = await parts.create('callback', 'x');
      expect(counts.loads).to.equal(1);
      expect((made as unknown as {critic(): number}).critic()).to.equal(42);
    });

    it('are loaded when a part uses them in create', async () => {
      const {counts, load} = tensors();
      const parts = new Registry(
        [
          pack('a', block, {
            'x.js':
              "export default ({callback, nn}) => callback({name: 'x', summary: 's', create: () => ({layer: nn.layer})});",
          }),
        ],
        load,
      );
      expect(await parts.create('callback', 'x')).to.have.property('layer', 'dense');
      expect(await parts.create('callback', 'x')).to.have.property('layer', 'dense');
      expect(counts.loads).to.equal(1);
    });

    it('are there before create, which runs once', async () => {
      const {counts, load} = tensors();
      const body =
        'create: () => { globalThis.ganCreates = (globalThis.ganCreates ?? 0) + 1; return {layer: nn.layer}; }';
      const parts = new Registry(
        [
          pack('a', block, {
            'x.js': `export default ({callback, nn}) => callback({name: 'x', summary: 's', ${body}});`,
          }),
        ],
        load,
      );
      expect(await parts.create('callback', 'x')).to.have.property('layer', 'dense');
      expect((globalThis as {ganCreates?: number}).ganCreates).to.equal(1);
      expect(counts.loads).to.equal(1);
    });

    it('are not loaded for a switcher; one that uses them in create is told so', async () => {
      const bad = "export default ({switcher, nn}) => switcher({name: 'x', summary: 's', create: () => nn.layer});";
      const parts = registry(pack('a', {api: 2, switchers: {x: './x.js'}}, {'x.js': bad}));
      const error = await ganError(() => parts.create('switcher', 'x'));
      expect(error).to.include({code: 'GAN_PLUGIN_FAILED', exitCode: 3});
      expect(error.message).to.contain('nn.layer was used before it was loaded');
    });

    it('are loaded when a part uses them at once', async () => {
      const {counts, load} = tensors();
      const parts = new Registry(
        [
          pack('a', block, {
            'x.js':
              "export default ({loss, tf}) => { const {answer} = tf; return loss({name: 'x', summary: `is ${answer}`, create() {}}); };",
          }),
        ],
        load,
      );
      expect((await parts.load('loss', 'x')).summary).to.equal('is 42');
      expect(counts.loads).to.equal(1);
    });
  });
});
