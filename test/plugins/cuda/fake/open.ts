import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import path from 'node:path';
import {GanError, registerKernels, tf, type Device} from 'gankit';
import type {OpenedDevice} from 'gankit/plugin';
import {DiskCache} from '../../../../plugins/cuda/src/cache/disk-cache.js';
import {Nvrtc} from '../../../../plugins/cuda/src/compile/nvrtc.js';
import {CudaDevice} from '../../../../plugins/cuda/src/device.js';
import {Driver} from '../../../../plugins/cuda/src/driver/driver.js';
import {Faults} from '../../../../plugins/cuda/src/faults.js';
import type {Precision} from '../../../../plugins/cuda/src/gpu.js';
import {sources} from '../../../../plugins/cuda/src/kernels/index.js';
import {opened} from '../../../../plugins/cuda/src/open.js';
import {DevicePoller} from '../../../../plugins/cuda/src/device-poller.js';
import {setDeviceCapture} from '../../../../dist/backends/capture/device-replay.js';
import {compileEmulator} from '../emulator/compile.js';
import {openLibrary, type EmulatorLibrary} from '../emulator/library.js';
import {addressOf, FakeCuda, type FakeOptions} from './cuda.js';
import {fakeBlas, fakeDnn, fakeNvrtc, sourceNames, type Offer} from './libraries.js';

/** The backend as it is, on a card that is not there. */
export interface FakeDevice {
  fake: FakeCuda;
  device: CudaDevice;
  driver: Driver;
  nvrtc: ReturnType<typeof fakeNvrtc>;
  blas: ReturnType<typeof fakeBlas>;
  dnn: ReturnType<typeof fakeDnn>;
  /** As the core of the library sees it. */
  opened: OpenedDevice;
}

export interface OpenOptions extends FakeOptions {
  precision?: Precision;
  /** Folder of the cache; default: one of its own, which goes with the device. */
  cache?: string;
  /** What cuDNN has for convolutions. */
  offer?: Offer;
  /** As with GAN_DEBUG=alloc. */
  exactAllocations?: boolean;
  /** What the card computes with; default: the emulator's library. */
  library?: EmulatorLibrary;
  /** Seconds until the device counts as stuck. */
  timeout?: number;
}

let library: ReturnType<typeof openLibrary> | undefined;

/** Opens it, and makes it tfjs's current backend. */
export async function openFake({
  precision = 'fp32',
  cache,
  timeout = 60,
  offer,
  exactAllocations = false,
  library: given,
  ...options
}: OpenOptions = {}): Promise<FakeDevice> {
  library ??= openLibrary(await compileEmulator(sources));
  for (const source of sources) sourceNames.set(source.text, source.name);
  const folder = cache ?? mkdtempSync(path.join(tmpdir(), 'gan-cuda-'));
  const fake = new FakeCuda(given ?? library, options);
  const [nvrtc, blas, dnn] = [fakeNvrtc(fake), fakeBlas(fake), fakeDnn(fake, {...(offer && {offer})})];
  const driver = new Driver(fake.driver, fake.memory, new DevicePoller(timeout * 1000));
  driver.init();
  const facts = driver.devices()[0]!;
  const compiler = new Nvrtc(nvrtc.functions, addressOf);
  const device = new CudaDevice({
    driver,
    nvrtc: compiler,
    target: compiler.targetFor(facts.architecture)!,
    blas: blas.functions,
    dnn: dnn.functions,
    facts,
    precision,
    cache: new DiskCache(folder),
    faults: new Faults(GanError),
    addressOf,
    waitForEach: false,
    exactAllocations,
  });
  const own = opened({tf: tf as never, kernels: {register: registerKernels}}, device, driver, {precision});
  await tf.setBackend(own.tfBackend);
  return {
    fake,
    device,
    driver,
    nvrtc,
    blas,
    dnn,
    opened: {
      ...own,
      close() {
        void own.close!();
        if (cache === undefined) rmSync(folder, {recursive: true, force: true});
      },
    },
  };
}

/** For the conformance kit: the backend as the core opens it. */
export async function openFakeDevice(options: OpenOptions = {}): Promise<Device & {behind: FakeDevice}> {
  const behind = await openFake(options);
  const {tfBackend, sync, close, capture, info} = behind.opened;
  setDeviceCapture(capture);
  const memory = () => ({bytes: tf.memory().numBytes, tensors: tf.memory().numTensors}); // the core's default
  return {
    name: tfBackend,
    tfBackend,
    info: info!,
    sync: sync!,
    memory,
    close: async () => close!(),
    behind,
  } as Device & {behind: FakeDevice};
}
