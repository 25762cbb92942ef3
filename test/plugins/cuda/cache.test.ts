import {mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import path from 'node:path';
import {expect} from 'chai';
import {cacheFolder, DiskCache} from '../../../plugins/cuda/src/cache/disk-cache.js';
import {KernelFunctions} from '../../../plugins/cuda/src/compile/functions.js';
import type {Nvrtc, Target} from '../../../plugins/cuda/src/compile/nvrtc.js';
import {CudaError} from '../../../plugins/cuda/src/driver/cuda-error.js';
import type {Driver} from '../../../plugins/cuda/src/driver/driver.js';
import type {KernelSource} from '../../../plugins/cuda/src/gpu.js';

describe('cuda: what is kept on disk', () => {
  let folder: string;
  beforeEach(() => void (folder = mkdtempSync(path.join(tmpdir(), 'gan-cuda-cache-'))));
  afterEach(() => rmSync(folder, {recursive: true, force: true}));
  const files = () => readdirSync(folder).map((name) => path.join(folder, name));
  const data = Uint8Array.from({length: 100}, (_, i) => i);

  it('comes back, by key', () => {
    const cache = new DiskCache(folder);
    cache.put('a', data);
    expect([...new DiskCache(folder).get('a')!]).to.deep.equal([...data]);
    expect(cache.get('b')).to.equal(undefined);
  });

  it('counts as missing when it was cut short, changed or emptied', () => {
    const cache = new DiskCache(folder);
    for (const harm of [
      (file: string) => truncateSync(file, 60),
      (file: string) => writeFileSync(file, ''),
      (file: string) => {
        const bytes = readFileSync(file);
        bytes[70]! ^= 1;
        writeFileSync(file, bytes);
      },
    ]) {
      cache.put('a', data);
      harm(files()[0]!);
      expect(cache.get('a')).to.equal(undefined);
    }
    cache.put('a', data);
    expect(cache.get('a')).not.to.equal(undefined);
    expect(files()).to.have.length(1); // no temporary file is left
  });

  it('is not kept where nothing can be written, and nothing fails for that', () => {
    writeFileSync(path.join(folder, 'file'), '');
    const cache = new DiskCache(path.join(folder, 'file', 'below'));
    cache.put('a', data);
    expect(cache.get('a')).to.equal(undefined);
  });

  it('lies where the system keeps such things', () => {
    expect(cacheFolder({XDG_CACHE_HOME: '/c'}, 'linux', '/h')).to.equal('/c/gan/cuda');
    expect(cacheFolder({}, 'linux', '/h')).to.equal('/h/.cache/gan/cuda');
  });

  describe('compiled kernels', () => {
    const target: Target = {option: 'sm_90', form: 'cubin'};
    const text: KernelSource = {name: 'k', text: 'kernel'};
    /** A driver that takes images that begin with 1, and a compiler that counts. */
    function machine(version = '13.0', option = target) {
      const compiled: string[] = [];
      const loaded: number[] = [];
      const driver = {
        loadModule: (image: Uint8Array) => {
          if (image[0] !== 1) throw new CudaError('cuModuleLoadData', 200, 'invalid image');
          return BigInt(loaded.push(image[1]!));
        },
        functionOf: (module: bigint, name: string) => module * 100n + BigInt(name.length),
        unloadModule: (module: bigint) => void loaded.push(-Number(module)),
      } as unknown as Driver;
      const nvrtc = {
        version,
        compile: (source: KernelSource) => (compiled.push(source.name), Uint8Array.of(1, compiled.length)),
      } as unknown as Nvrtc;
      return {compiled, loaded, functions: new KernelFunctions(driver, nvrtc, new DiskCache(folder), option)};
    }

    it('are compiled once for a source, an architecture, options and a version of the compiler', () => {
      const first = machine();
      expect(first.functions.get(text, 'ab')).to.equal(102n);
      first.functions.get(text, 'abc');
      first.functions.get({...text}, 'ab'); // another object of the same text
      expect(first.compiled).to.deep.equal(['k']);
      const again = machine();
      again.functions.get(text, 'ab');
      expect(again.compiled).to.deep.equal([]);
      for (const other of [machine('12.8'), machine('13.0', {option: 'sm_80', form: 'cubin'})]) {
        other.functions.get(text, 'ab');
        expect(other.compiled).to.deep.equal(['k']);
      }
      again.functions.get({...text, defines: {N: 4}}, 'ab');
      expect(again.compiled).to.deep.equal(['k']);
    });

    it('are compiled anew when the driver does not take what was kept', () => {
      machine().functions.get(text, 'ab');
      const [name] = readdirSync(folder);
      // whole, but of no use: as after a change of the driver
      const broken = new DiskCache(folder);
      const kept = JSON.stringify([1, text.text, ['--gpu-architecture=sm_90', '--std=c++17'], '13.0']);
      broken.put(kept, Uint8Array.of(9, 9));
      expect(readdirSync(folder)).to.deep.equal([name]); // the key is what it should be
      const healed = machine();
      healed.functions.get(text, 'ab');
      expect(healed.compiled).to.deep.equal(['k']);
      const after = machine();
      after.functions.get(text, 'ab');
      expect(after.compiled).to.deep.equal([]);
    });

    it('are unloaded at the end', () => {
      const {functions, loaded} = machine();
      functions.get(text, 'ab');
      functions.close();
      expect(loaded.at(-1)).to.equal(-1);
    });
  });
});
