import '@tensorflow/tfjs-backend-cpu';
import {expect} from 'chai';
import {openDevice} from '../../../dist/backends/open.js';
import {probeBackends, selectBackend} from '../../../dist/runs/devices/select.js';
import {tf} from '../../../dist/backends/tf.js';
import {importTensors} from '../../../dist/plugin/discover.js';
import {hasNvidiaDriver} from '../../../dist/plugin/installable.js';
import {Registry} from '../../../dist/plugin/registry.js';
import {backendModule, folder, ganError, noTensors, pack, removeFolders, write} from '../../plugin/helpers.js';

const yes = '{ok: true, info: {cores: 2}}';
const no = (why: string) => `{ok: false, why: '${why}', fix: 'do ${why}'}`;

/** As the real ones declare them. */
const priorities: Record<string, string> = {cuda: 'priority: 300,', webgpu: 'priority: 200,', wasm: 'priority: 100,'};

/** A registry with fake backends, in the order given. Each probe is JavaScript. */
function backends(probes: Record<string, string>, open?: string): Registry {
  const names = Object.keys(probes);
  const block = {api: 2, backends: Object.fromEntries(names.map((name) => [name, `./${name}.js`]))};
  const files = Object.fromEntries(
    names.map((name) => [`${name}.js`, backendModule(name, probes[name]!, open, priorities[name])]),
  );
  return new Registry([pack('fakes', block, files)], importTensors);
}

describe('selectBackend', () => {
  after(removeFolders);

  describe('auto', () => {
    it('takes the first that can run: cuda, webgpu, wasm, then others as they are declared', async () => {
      const order = ['other', 'wasm', 'webgpu', 'cuda'];
      for (const [refusing, wanted] of [
        [[], 'cuda'],
        [['cuda'], 'webgpu'],
        [['cuda', 'webgpu'], 'wasm'],
        [['cuda', 'webgpu', 'wasm'], 'other'],
      ] as const) {
        const registry = backends(
          Object.fromEntries(
            order.map((name) => [name, (refusing as readonly string[]).includes(name) ? no(name) : yes]),
          ),
        );
        const {device, refused} = await selectBackend(registry, 'auto');
        expect(device.name).to.equal(wanted);
        expect(refused).to.deep.equal(refusing.map((name) => ({name, why: name, fix: `do ${name}`})));
      }
    });

    it('gives each backend those of the options that it has', async () => {
      const told = (name: string, options: string): string => `export default ({backend, opt}) => backend({
        name: '${name}', summary: 'A test.', options: {${options}},
        create: (given) => ({probe: async () => ({ok: '${name}' === 'second'}), open: async () => ({tfBackend: 'cpu', info: given})}),
      });`;
      const block = {api: 2, backends: {first: './first.js', second: './second.js'}};
      const files = {'first.js': told('first', ''), 'second.js': told('second', 'threads: opt.int(1, {max: 8})')};
      const registry = new Registry([pack('fakes', block, files)], importTensors);
      const given = (value: unknown) => new Map([['threads', {value, origin: '--threads'}]]);
      expect((await selectBackend(registry, 'auto', given('3'))).device.info).to.include({threads: 3});
      expect((await ganError(() => selectBackend(registry, 'auto', given('99')))).message).to.match(
        /second: .*threads/,
      );
    });

    it('takes others by the priority that they declare; those without have 0, a broken one too', async () => {
      const module = (name: string, more = ''): string => backendModule(name, yes, undefined, more);
      const block = {
        api: 2,
        backends: {plain: './plain.js', broken: './missing.js', high: './high.js', low: './low.js', wasm: './wasm.js'},
      };
      const registry = new Registry(
        [
          pack('fakes', block, {
            'plain.js': module('plain'),
            'high.js': module('high', 'priority: 2.5,'),
            'low.js': module('low', 'priority: -1,'),
            'wasm.js': backendModule('wasm', no('old'), undefined, priorities['wasm']),
          }),
        ],
        importTensors,
      );
      expect((await selectBackend(registry, 'auto')).device.name).to.equal('high');
      expect((await probeBackends(registry)).map(({name}) => name)).to.deep.equal([
        'wasm',
        'high',
        'plain',
        'broken',
        'low',
        'cuda',
        'webgpu',
      ]);
    });

    it('takes the preferred one though the module of another fails', async () => {
      const registry = new Registry(
        [
          pack(
            'fakes',
            {api: 2, backends: {other: './o.js', wasm: './w.js'}},
            {
              'o.js': "throw new Error('loaded')",
              'w.js': backendModule('wasm', yes, undefined, priorities['wasm']),
            },
          ),
        ],
        importTensors,
      );
      expect(await selectBackend(registry, 'auto')).to.deep.include({refused: []});
    });

    it('passes over a backend whose plug-in is broken or does not start, and says so', async () => {
      const broken = new Registry(
        [
          pack('bad', {api: 2, backends: {cuda: './missing.js'}}),
          pack(
            'late',
            {api: 2, backends: {webgpu: './w.js'}},
            {'w.js': backendModule('webgpu', yes, "{ throw new Error('no adapter'); }", priorities['webgpu'])},
          ),
          pack(
            'throws',
            {api: 2, backends: {wasm: './w.js'}},
            {
              'w.js': backendModule(
                'wasm',
                "(() => { throw new Error('probe failed'); })()",
                undefined,
                priorities['wasm'],
              ),
            },
          ),
          pack('good', {api: 2, backends: {slow: './s.js'}}, {'s.js': backendModule('slow', yes)}),
        ],
        importTensors,
      );
      const {device, refused} = await selectBackend(broken, 'auto');
      expect(device.name).to.equal('slow');
      // nothing is known of a broken one
      expect(refused.map(({name}) => name)).to.deep.equal(['webgpu', 'wasm', 'cuda']);
      expect(refused.map(({why}) => why).join('; ')).to.match(/no adapter.*probe failed.*does not exist/);
    });

    it('fails with every reason and remedy when none can run', async () => {
      const error = await ganError(() =>
        selectBackend(backends({wasm: no('old processor'), cuda: no('no driver')}), 'auto'),
      );
      expect(error).to.include({code: 'GAN_BACKEND_UNAVAILABLE', kind: 'backend', exitCode: 4});
      expect(error.message).to.contain('cuda: no driver').and.contain('wasm: old processor');
      expect(error.suggestions).to.include.members(['cuda: do no driver', 'wasm: do old processor']);
    });

    it('fails when no backend is installed', async () => {
      expect((await ganError(() => selectBackend(new Registry([], noTensors), 'auto'))).code).to.equal(
        'GAN_BACKEND_UNAVAILABLE',
      );
    });
  });

  describe('by name', () => {
    it('never takes another one', async () => {
      const error = await ganError(() => selectBackend(backends({cuda: no('no driver'), wasm: yes}), 'cuda'));
      expect(error).to.include({code: 'GAN_BACKEND_UNAVAILABLE', exitCode: 4});
      expect(error.message).to.contain('no driver');
      expect(error.suggestions.join(' ')).to.contain('do no driver').and.contain('--backend wasm');
    });

    it('does not ask the others', async () => {
      const registry = new Registry(
        [pack('a', {api: 2, backends: {cuda: './missing.js', wasm: './w.js'}}, {'w.js': backendModule('wasm', yes)})],
        importTensors,
      );
      expect((await selectBackend(registry, 'wasm')).refused).to.deep.equal([]);
    });

    it('says of one that comes in a package of its own how to install it', async () => {
      const error = await ganError(() => selectBackend(backends({wasm: yes}), 'webgpu'));
      expect(error).to.include({code: 'GAN_NOT_INSTALLED', exitCode: 4});
      expect(error.suggestions.join(' ')).to.contain('gan plugins install gan-plugin-webgpu').and.contain('wasm');
    });

    it('reports an unknown name with those there are', async () => {
      const error = await ganError(() => selectBackend(backends({wasm: yes}), 'wsam'));
      expect(error).to.include({code: 'GAN_UNKNOWN_PART', exitCode: 2});
      expect(error.suggestions.join(' ')).to.contain("Did you mean 'wasm'?");
    });

    it('reports a start that fails with the reason', async () => {
      const error = await ganError(() =>
        selectBackend(backends({wasm: yes}, "{ throw new Error('out of memory'); }"), 'wasm'),
      );
      expect(error).to.include({code: 'GAN_BACKEND_FAILED', exitCode: 4});
      expect(error.message).to.contain('out of memory');
    });

    it('checks the options of the backend', async () => {
      const given = (value: unknown) => new Map([['threads', {value, origin: '--set'}]]);
      expect((await selectBackend(backends({wasm: yes}), 'wasm', given(2))).device.name).to.equal('wasm');
      expect((await ganError(() => selectBackend(backends({wasm: yes}), 'wasm', given(99)))).code).to.equal(
        'GAN_CONFIG_VALUE',
      );
    });
  });
});

/** Backends with the option `device`, whose probes refuse devices that they do not have. */
function withDevices(devices: Record<string, readonly string[]>): Registry {
  const files = Object.fromEntries(
    Object.entries(devices).map(([name, list]) => [
      `${name}.js`,
      `export default ({backend, opt}) => backend({
    name: '${name}', summary: 'A test.', options: {device: opt.str('0')},
    create: ({device}) => ({
      probe: async () => (${JSON.stringify(list)}.includes(device) ? {ok: true} : {ok: false, why: 'there is no ' + device, fix: 'take another'}),
      open: async () => ({tfBackend: 'cpu', info: {device}}),
    }),
  });`,
    ]),
  );
  const block = {
    api: 2,
    backends: Object.fromEntries([...Object.keys(devices), 'single'].map((name) => [name, `./${name}.js`])),
  };
  return new Registry([pack('fakes', block, {...files, 'single.js': backendModule('single', yes)})], importTensors);
}
const flag = (value: string) => ({value, origin: '--device', blame: 'usage' as const});

describe('selectBackend with --device', () => {
  after(removeFolders);

  it('hands it to the option `device` of the backend', async () => {
    const {device} = await selectBackend(withDevices({gpu: ['0', '1']}), 'gpu', new Map(), flag('1'));
    expect(device.info).to.deep.equal({device: '1'});
  });

  it('fails as the probe does for one that is not there', async () => {
    const error = await ganError(() => selectBackend(withDevices({gpu: ['0']}), 'gpu', new Map(), flag('7')));
    expect(error).to.include({code: 'GAN_BACKEND_UNAVAILABLE', exitCode: 4});
    expect(error.message).to.contain('there is no 7');
  });

  it('is refused for a backend with one device, with those that have several', async () => {
    const error = await ganError(() => selectBackend(withDevices({gpu: ['0']}), 'single', new Map(), flag('1')));
    expect(error).to.include({code: 'GAN_ONE_DEVICE', exitCode: 2});
    expect(error.message).to.contain('single has only one device').and.contain('--device 1');
    expect(error.suggestions.join(' ')).to.contain('--backend gpu');
  });

  it('names a backend that is not installed where there is hardware for it, and how to install it', async () => {
    const registry = withDevices({webgpu: ['0']});
    const [cuda] = new Registry([], importTensors).installable('backend');
    for (const use of [() => 'an NVIDIA driver', () => undefined]) {
      registry.installable = () => [{...cuda!, use}];
      const {device, refused} = await selectBackend(registry, 'auto');
      expect(device.name).to.equal('webgpu');
      expect(refused.map(({name, why}) => `${name}: ${why}`)).to.deep.equal(
        use() === undefined
          ? []
          : ['cuda: not installed, though there is an NVIDIA driver: gan plugins install gan-plugin-cuda'],
      );
    }
    expect((await selectBackend(registry, 'webgpu')).refused).to.deep.equal([]);
  });

  it('with auto, takes the first backend that has it, and says why not those before', async () => {
    const {device, refused} = await selectBackend(
      withDevices({cuda: ['0'], webgpu: ['0', 'Radeon']}),
      'auto',
      new Map(),
      flag('Radeon'),
    );
    expect(device.name).to.equal('webgpu');
    expect(refused.map(({name, why}) => `${name}: ${why}`)).to.deep.equal(['cuda: there is no Radeon']);
    const none = await ganError(() => selectBackend(withDevices({cuda: ['0']}), 'auto', new Map(), flag('5')));
    expect(none).to.include({code: 'GAN_BACKEND_UNAVAILABLE', exitCode: 4});
    expect(none.message).to.contain('cuda: there is no 5').and.contain('single has only one device');
  });
});

describe('probeBackends', () => {
  after(removeFolders);

  it('tells of each backend whether it can run, in the order of auto, without loading tfjs', async () => {
    const registry = new Registry(
      [
        pack(
          'fakes',
          {api: 2, backends: {wasm: './wasm.js', cuda: './cuda.js', other: './missing.js'}},
          {
            'wasm.js': backendModule('wasm', yes, undefined, priorities['wasm']),
            'cuda.js': backendModule('cuda', no('no driver'), undefined, priorities['cuda']),
          },
        ),
      ],
      noTensors,
    );
    const [cuda, wasm, other, webgpu] = await probeBackends(registry);
    expect(cuda).to.deep.equal({
      name: 'cuda',
      state: 'unavailable',
      package: 'fakes',
      version: '1.0.0',
      summary: 'A test.',
      choosable: false,
      probe: {ok: false, why: 'no driver', fix: 'do no driver'},
    });
    expect(wasm).to.deep.equal({
      name: 'wasm',
      state: 'ready',
      package: 'fakes',
      version: '1.0.0',
      summary: 'A test.',
      choosable: false,
      probe: {ok: true, info: {cores: 2}},
    });
    expect(other).to.not.have.property('summary');
    expect(other?.probe.ok).to.equal(false);
    expect(webgpu)
      .to.deep.include({name: 'webgpu', state: 'not-installed', package: 'gan-plugin-webgpu'})
      .and.not.have.property('version');
    expect(webgpu?.probe).to.include({ok: false, why: 'not installed'});
  });
});

describe('hasNvidiaDriver', () => {
  after(removeFolders);

  it('looks for what the driver leaves on Linux, in WSL and on Windows', () => {
    const root = folder();
    expect(hasNvidiaDriver(root, 'linux')).to.equal(false);
    write(root, {'usr/lib/wsl/lib/libcuda.so.1': ''});
    expect(hasNvidiaDriver(root, 'linux')).to.equal(true);
    const card = folder();
    write(card, {'dev/nvidiactl': ''});
    expect(hasNvidiaDriver(card, 'linux')).to.equal(true);
    expect(hasNvidiaDriver(card, 'darwin')).to.equal(false);
    expect(hasNvidiaDriver(card, 'win32', {SystemRoot: card})).to.equal(false);
  });
});

describe('openDevice', () => {
  it("makes the backend tfjs's own and fills in what it leaves out", async () => {
    const device = await openDevice('test', {probe: async () => ({ok: true}), open: async () => ({tfBackend: 'cpu'})});
    expect(device).to.include({name: 'test', tfBackend: 'cpu'});
    expect(device.info).to.deep.equal({});
    expect(tf.getBackend()).to.equal('cpu');
    const before = device.memory();
    const tensor = tf.zeros([4]);
    expect(device.memory()).to.deep.equal({bytes: before.bytes + 16, tensors: before.tensors + 1});
    tensor.dispose();
    await device.sync();
    expect(device.memory()).to.deep.equal(before);
    await device.close();
  });

  it('uses what the backend brings', async () => {
    const calls: string[] = [];
    const device = await openDevice('test', {
      probe: async () => ({ok: true}),
      open: async () => ({
        tfBackend: 'cpu',
        info: {adapter: 'A'},
        memory: () => ({bytes: 1, tensors: 2}),
        sync: async () => void calls.push('sync'),
        close: () => void calls.push('close'),
      }),
    });
    await device.sync();
    await device.close();
    expect(calls).to.deep.equal(['sync', 'close']);
    expect(device.memory()).to.deep.equal({bytes: 1, tensors: 2});
    expect(device.info).to.deep.equal({adapter: 'A'});
  });

  it('fails for a tfjs backend that was not registered', async () => {
    const error = await ganError(() =>
      openDevice('test', {probe: async () => ({ok: true}), open: async () => ({tfBackend: 'nope'})}),
    );
    expect(error.code).to.equal('GAN_BACKEND_FAILED');
  });
});
