import {execFile} from 'node:child_process';
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import path from 'node:path';
import {fileURLToPath} from 'node:url';
import {promisify} from 'node:util';
import {expect} from 'chai';
import type {PartTime} from '../../../plugins/cuda/src/profile.js';
import {needsCompiler} from './emulator/support.js';
import {compileStubs} from './stubs.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));

describe('cuda: as it is installed, on libraries that compute nothing', function () {
  this.timeout(120_000);
  let folder: string;
  needsCompiler('linux');
  before(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'gan-cuda-stubs-'));
    compileStubs(path.join(folder, 'libs'));
  });
  after(() => folder && rmSync(folder, {recursive: true, force: true}));
  /** The last line of what a script prints, as JSON. */
  async function script(file: string, ...args: string[]): Promise<Record<string, unknown>> {
    const env = {
      ...process.env,
      GAN_CUDA_LIBS: path.join(folder, 'libs'),
      XDG_CACHE_HOME: path.join(folder, 'cache'),
      NODE_OPTIONS: '',
    };
    const {stdout} = await promisify(execFile)(process.execPath, [file, ...args], {
      cwd: folder,
      env,
      maxBuffer: 2 ** 26,
    });
    return JSON.parse(stdout.trim().split('\n').at(-1)!) as Record<string, unknown>;
  }

  it('opens, carries bytes there and back in all types, reads texts of the driver, and closes', async () => {
    const file = path.join(folder, 'open.mjs');
    writeFileSync(
      file,
      `import {openBackend, tf} from '${root}dist/index.js';
import {deviceCapture} from '${root}dist/backends/capture/device-replay.js';
const device = await openBackend('cuda', {options: {precision: 'fp32'}});
const floats = Float32Array.from({length: 20_000}, (_, i) => i / 3);
const there = [tf.tensor1d(floats), tf.tensor1d(new Int32Array(20_000).fill(-7), 'int32'), tf.tensor1d(new Uint8Array(40_000).fill(1), 'bool'), tf.scalar(2.5)];
const backend = tf.backend();
const back = [];
for (const {dataId, shape, dtype} of there) {
  const copy = deviceCapture().allocate(shape, dtype); // the host has the small one, too
  deviceCapture().copy({dataId, shape, dtype}, copy);
  back.push([...(await backend.read(copy.dataId)).slice(-2)]);
}
const {info} = device;
await device.close();
console.log(JSON.stringify({info, back}));
`,
    );
    const {info, back} = await script(file);
    expect(info).to.include({gpu: 'Stub H100', precision: 'fp32', cuda: 13, driver: 'CUDA 13.0', cudnn: '9.24.0'});
    expect(back).to.deep.equal([[Math.fround(19_998 / 3), Math.fround(19_999 / 3)], [-7, -7], [1, 1], [2.5]]);
  });

  it('opens the part of a card that is asked for, and says when the environment hides all cards', async () => {
    const file = path.join(folder, 'part.mjs');
    writeFileSync(
      file,
      `import {openBackend} from '${root}dist/index.js';
const of = async (device, visible) => {
  if (visible === undefined) delete process.env.CUDA_VISIBLE_DEVICES;
  else process.env.CUDA_VISIBLE_DEVICES = visible;
  const opened = await openBackend('cuda', {options: device === undefined ? {} : {device}}).catch((error) => ({info: {gpu: error.suggestions.join(' ')}, close() {}}));
  await opened.close();
  return opened.info.gpu;
};
console.log(JSON.stringify([await of('GPU-abab'), await of('MIG-abababab-abab'), await of(undefined, 'MIG-1/2/0'), await of('0', 'GPU-abab'), await of(undefined, ''), await of(undefined, '-1')]));
`,
    );
    const [whole, part, given, one, ...hidden] = Object.values(await script(file)) as string[];
    expect([whole, part, given, one]).to.deep.equal(['Stub H100', 'Stub H100 MIG 1g', 'Stub H100 MIG 1g', 'Stub H100']);
    for (const advice of hidden) expect(advice).to.contain('CUDA_VISIBLE_DEVICES may hide it');
  });

  it('bench/gpu/own.mjs trains, recorded and not, and says where the time goes', async () => {
    for (const [capture, precision] of [
      ['auto', 'bf16'],
      ['off', 'fp32'],
    ] as const) {
      // the stub's algorithms have the default math type, as before Ampere
      const {roundMs, repeated, parts, peakBytes} = await script(
        path.join(root, 'bench/gpu/own.mjs'),
        '16',
        '2',
        capture,
        '1',
        '2',
        'cuda',
        precision,
      );
      expect(roundMs).to.have.length(1);
      expect(Number(repeated) > 0).to.equal(capture === 'auto');
      expect(peakBytes).to.be.above(2 ** 20);
      expect(parts).to.have.keys('cudnn', 'cublaslt', 'kernels', 'copies', 'recorded');
      const {cudnn, kernels, recorded} = parts as Record<string, PartTime>;
      expect(cudnn!.flops).to.be.above(1e6);
      expect([cudnn!.ms, kernels!.ms]).to.deep.equal([cudnn!.calls / 2, kernels!.calls / 2]); // half a millisecond each
      expect(recorded!.calls).to.equal(0);
    }
  });

  it('bench/gpu/peak.mjs multiplies', async () => {
    const {products, tflops} = await script(path.join(root, 'bench/gpu/peak.mjs'), '256', 'cuda', 'tf32');
    expect(products).to.be.above(0);
    expect(tflops).to.be.above(0);
  });

  it('scripts/gpu/steps.mjs trains, and says what is held', async () => {
    const {losses, repeated, early, late} = await script(
      path.join(root, 'scripts/gpu/steps.mjs'),
      '300',
      'auto',
      'cuda',
    );
    expect(losses).to.have.length(48);
    expect(repeated).to.be.above(0);
    const {rssMiB: _, ...rest} = late as Record<string, number>;
    expect(early).to.include(rest).and.to.have.keys('tensors', 'bytes', 'allocatedMiB', 'rssMiB');
  });
});
