import {expect} from 'chai';
import {checkBackends} from '../../dist/doctor/checks/backends.js';
import {checkDisk} from '../../dist/doctor/checks/disk.js';
import {checkGpu, findGpus} from '../../dist/doctor/checks/gpu.js';
import {checkImages} from '../../dist/doctor/checks/images.js';
import {checkMemory} from '../../dist/doctor/checks/memory.js';
import {checkNode} from '../../dist/doctor/checks/node.js';
import {checkPlugins} from '../../dist/doctor/checks/plugins.js';
import {checkWasm, hasFeature, wasmFeatures} from '../../dist/doctor/checks/wasm.js';
import type {Finding} from '../../dist/doctor/context.js';
import {examineAll, verdict} from '../../dist/doctor/examine.js';
import type {PackageInfo} from '../../dist/plugin/manifest.js';
import {Registry} from '../../dist/plugin/registry.js';
import {backendModule, folder, noTensors, pack, removeFolders, write} from '../plugin/helpers.js';

const context = (...packages: PackageInfo[]) => ({registry: new Registry(packages, noTensors), cwd: folder()});
const backends = (name: string, modules: Record<string, string>) =>
  pack(
    name,
    {api: 2, backends: Object.fromEntries(Object.keys(modules).map((key) => [key, `./${key}.js`]))},
    Object.fromEntries(Object.entries(modules).map(([key, text]) => [`${key}.js`, text])),
  );
const yes = (name: string) => backendModule(name, '{ok: true, info: {cores: 2}}');
/** One that cannot run; cuda and webgpu need a GPU, as the real ones declare. */
const no = (name: string) =>
  backendModule(
    name,
    "{ok: false, why: 'no driver', fix: 'install one'}",
    undefined,
    ['cuda', 'webgpu'].includes(name) ? 'needsGpu: true,' : '',
  );
const states = (findings: Finding[]) => findings.map(({name, state}) => `${name}: ${state}`);

describe('gan doctor checks', () => {
  after(removeFolders);

  it('Node: 20.19 is the oldest that will do', () => {
    for (const version of ['20.19.0', '20.20.2', '22.0.0', '100.1.0'])
      expect(checkNode(version)[0]).to.include({state: 'ok'});
    for (const version of ['20.18.9', '18.20.0'])
      expect(checkNode(version)[0])
        .to.include({state: 'problem'})
        .and.to.have.property('fix')
        .that.contains('nodejs.org');
  });

  it('memory: little of it is a warning with a smaller job', () => {
    const facts = {total: 8e9, available: 4e9, cores: 1, processor: 'Z80'};
    expect(checkMemory(facts)).to.deep.equal([
      {name: 'processor', state: 'ok', what: 'Z80, 1 core'},
      {name: 'memory', state: 'ok', what: '4.0 GB of 8.0 GB free'},
    ]);
    expect(checkMemory({...facts, available: 8e8})[1]).to.include({
      state: 'warning',
      what: '800 MB of 8.0 GB free; the default training takes about 1.5 GB',
    });
    const limited = checkMemory({
      ...facts,
      available: 8e8,
      memoryLimit: '/sys/fs/cgroup/memory.max',
      coreLimit: '/sys/fs/cgroup/cpu.max',
    });
    expect(limited[0]!.what).to.equal('Z80, 1 core (limited by /sys/fs/cgroup/cpu.max)');
    expect(limited[1]!.what).to.match(/^800 MB of 8\.0 GB free \(limited by \/sys\/fs\/cgroup\/memory\.max\); /);
    expect(limited[1])
      .to.have.property('fix')
      .that.matches(/^allow more memory/);
    expect(states(checkMemory())).to.deep.equal([
      'processor: ok',
      checkMemory()[1]!.state === 'ok' ? 'memory: ok' : 'memory: warning',
    ]);
  });

  it('WebAssembly: what is there and what is not', () => {
    expect(hasFeature('SIMD')).to.equal(true);
    expect(hasFeature('threads')).to.equal(true);
    expect(checkWasm((feature) => feature !== 'threads')[0]!.what).to.match(
      /^SIMD, relaxed SIMD; missing without a flag: threads/,
    );
    expect(checkWasm(() => true)[0]!.what).to.equal(wasmFeatures.join(', '));
    expect(checkWasm(() => false)[0]).to.include({state: 'warning', what: 'no SIMD'});
  });

  describe('backends', () => {
    it('one that can run is enough; the others say why not and what to do', async () => {
      const findings = await checkBackends(
        context(backends('fakes', {cuda: no('cuda'), wasm: yes('wasm'), webgpu: no('webgpu')})),
      );
      expect(findings).to.deep.include({name: 'backend cuda', state: 'warning', what: 'no driver', fix: 'install one'});
      expect(findings).to.deep.include({name: 'backend wasm', state: 'ok', what: 'can run, cores 2'});
      expect(verdict(findings)).to.equal(0);
    });

    it('that need a GPU are not spoken of where there is none', async () => {
      const registry = context(backends('fakes', {cuda: no('cuda'), webgpu: no('webgpu'), wasm: yes('wasm')}));
      expect(states(await checkBackends({...registry, gpus: []}))).to.deep.equal(['backend wasm: ok']);
      expect(states(await checkBackends({...registry, gpus: ['NVIDIA 0x2330']}))).to.include('backend cuda: warning');
      expect(states(await checkBackends(registry))).to.include('backend cuda: warning'); // not known
    });

    it('none is a problem, with exit code 4', async () => {
      const findings = await checkBackends(context(backends('fakes', {cuda: no('cuda'), wasm: no('wasm')})));
      expect(findings.at(-1)).to.include({name: 'backends', state: 'problem'});
      expect(verdict(findings)).to.equal(4);
    });

    it('add findings of their own, which stop no job; a fault in there is a finding', async () => {
      const withDiagnosis = (name: string, diagnose: string) =>
        yes(name).replace('open: async', `diagnose: async () => ${diagnose}, open: async`);
      const findings = await checkBackends(
        context(
          backends('fakes', {
            one: withDiagnosis(
              'one',
              "[{name: 'driver', state: 'problem', what: 'old', fix: 'update'}, {name: 'library', state: 'ok', what: 'there'}]",
            ),
            two: withDiagnosis('two', "{ throw new Error('boom'); }"),
          }),
        ),
      );
      expect(findings).to.deep.include({name: 'backend one: driver', state: 'warning', what: 'old', fix: 'update'});
      expect(findings).to.deep.include({name: 'backend one: library', state: 'ok', what: 'there'});
      expect(findings.find(({what}) => what.includes('boom'))).to.include({name: 'backend two', state: 'warning'});
      expect(verdict(findings)).to.equal(0);
    });
  });

  it('GPU: what the kernel lists, one line', () => {
    const root = folder();
    const pci = (address: string, kind: string, vendor: string) =>
      write(
        root,
        Object.fromEntries(
          [
            ['class', kind],
            ['vendor', vendor],
            ['device', '0x2330'],
          ].map(([name, text]) => [`sys/bus/pci/devices/${address}/${name}`, `${text}\n`]),
        ),
      );
    pci('0000:00:02.0', '0x030000', '0x1234'); // QEMU's display
    pci('0000:00:03.0', '0x020000', '0x8086'); // a network card
    expect(findGpus(root, 'linux')).to.deep.equal([]);
    expect(checkGpu({gpus: []})).to.deep.equal([
      {name: 'gpu', state: 'ok', what: 'none in this machine: training runs on the processor'},
    ]);
    write(root, {'dev/dxg': ''});
    expect(findGpus(root, 'linux')).to.deep.equal(['/dev/dxg']);
    pci('0000:01:00.0', '0x030200', '0x10de');
    expect(findGpus(root, 'linux')).to.deep.equal(['NVIDIA 0x2330 (PCI 0000:01:00.0)']);
    expect(findGpus(root, 'darwin')).to.equal(undefined);
    expect(checkGpu({gpus: undefined})).to.deep.equal([]);
  });

  it('plug-ins: API version, conflicts, parts that do not load', async () => {
    const findings = await checkPlugins(
      context(
        backends('good', {one: yes('one')}),
        backends('rival', {one: yes('one')}),
        backends('broken', {two: 'export default 3;'}),
        pack('old', {api: 0}),
      ),
    );
    expect(states(findings)).to.have.members([
      'plug-in good: ok',
      'plug-in rival: ok',
      'plug-in broken: warning',
      'backend one: warning',
      'plug-in old: warning',
    ]);
    const texts = findings.map(({what}) => what).join('\n');
    expect(texts)
      .to.contain('made for plug-in API 0')
      .and.contain('good and rival both have one')
      .and.contain('no default export that is a function');
    for (const finding of findings)
      if (finding.state !== 'ok') expect(finding.fix).to.match(/install|update|rival:one/);
  });

  it('images: sharp is there', async () => expect((await checkImages())[0]).to.include({name: 'images', state: 'ok'}));

  it('disk: room in the folder of the runs', async () => {
    const cwd = folder();
    const state = async (bytes: number) => (await checkDisk({cwd}, async () => bytes))[0]!.state;
    expect([await state(1e6), await state(1e9), await state(1e12)]).to.deep.equal(['problem', 'warning', 'ok']);
    expect((await checkDisk({cwd}))[0]!.what).to.contain(cwd);
    expect((await checkDisk({cwd: '/nowhere'}))[0]).to.include({
      state: 'problem',
      what: '/nowhere cannot be written to',
    });
  });

  it('a check that fails itself is a warning, and the others go on', async () => {
    const findings = await examineAll(
      {bad: () => Promise.reject(new Error('boom')), good: () => [{name: 'good', state: 'ok', what: 'x'}]},
      context(),
    );
    expect(states(findings)).to.deep.equal(['bad: warning', 'good: ok']);
  });

  it("a problem that is not the backends' has exit code 1", () => {
    expect(verdict(checkNode('18.0.0'))).to.equal(1);
  });
});
