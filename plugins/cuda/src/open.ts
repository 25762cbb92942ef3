import type {Gan, OpenedDevice} from 'gankit/plugin';
import type {DataType} from '@tensorflow/tfjs-core';
import {kernelBackend} from './backend.js';
import {cacheFolder, DiskCache} from './cache/disk-cache.js';
import {Nvrtc} from './compile/nvrtc.js';
import {CudaDevice} from './device.js';
import {Driver, type DriverAnswer} from './driver/driver.js';
import {driverSignatures} from './driver/signatures.js';
import {cudaVersion, explain, visibleDevices} from './explain.js';
import {Faults} from './faults.js';
import type {GpuDtype} from './gpu.js';
import {registerKernels} from './kernels/register.js';
import {findLibraries, type Chosen} from './libraries/find.js';
import {loadLibraries} from './libraries/load.js';
import {thisMachine, type Machine} from './libraries/machine.js';
import {Nccl} from './nccl/communicator.js';
import {findNccl} from './nccl/find.js';
import {ncclSignatures} from './nccl/signatures.js';
import type {CudaOptions} from './options.js';
import {DevicePoller} from './device-poller.js';
import {collective} from './ranks/join.js';
import {Reads} from './read.js';
import {isGpuDtype} from './values.js';

/** The parts of the plug-in API that are used. */
export type Api = Pick<Gan, 'tf' | 'GanError' | 'kernels'>;

/** Name under which tfjs knows the backend. */
const tfBackend = 'gan-cuda';

/**
 * Loads the libraries and starts the backend on the card that is asked for.
 * @throws GanError GAN_BACKEND_UNAVAILABLE when something is missing, GAN_BACKEND_FAILED when a library does not start
 * or the device is open already
 */
export async function open(options: CudaOptions, api: Api, machine: Machine = thisMachine()): Promise<OpenedDevice> {
  const {tf, GanError} = api;
  if (tf.findBackend(tfBackend))
    throw new GanError('backend', 'GAN_BACKEND_FAILED', 'The cuda device is open already: close it first.');
  const unavailable = (why: string, ...suggestions: string[]) =>
    new GanError('backend', 'GAN_BACKEND_UNAVAILABLE', `cuda: ${why}.`, {suggestions});
  const native = await import('./native/koffi.js');
  const found = findLibraries(machine, [options.libs]);
  Object.assign(process.env, visibleDevices(options.device, machine.env));
  const driver =
    found.driver === undefined
      ? undefined
      : new Driver(
          native.loadLibrary(found.driver).bind(driverSignatures),
          {view: native.viewMemory, text: native.textAt},
          new DevicePoller(options.timeout * 1000),
        );
  const faults = new Faults(GanError);
  const starting = {name: 'Starting', inputs: []};
  const answer =
    driver &&
    faults.guard(starting, (): DriverAnswer => {
      driver.init();
      return {ok: true, version: driver.version(), devices: driver.devices()};
    });
  const result = explain(machine, found, answer, options);
  if (!result.ok) throw unavailable(result.why, result.fix);
  const {chosen, card: facts} = result;
  const libraries = loadLibraries(chosen, native.loadLibrary);
  const builtFor = Math.floor(Number(libraries.dnn.cudnnGetCudartVersion()) / 1000);
  if (builtFor !== chosen.cuda) {
    throw unavailable(
      `the cuDNN of ${chosen.cudnn} was built for CUDA ${builtFor}, and the other libraries are of CUDA ${chosen.cuda}`,
      `name a folder with a cuDNN for CUDA ${chosen.cuda}: GAN_CUDA_LIBS=FOLDER`,
    );
  }
  const nvrtc = faults.guard(starting, () => new Nvrtc(libraries.nvrtc, native.addressOf));
  const target = nvrtc.targetFor(facts.architecture);
  if (!target)
    throw unavailable(
      `NVRTC ${nvrtc.version} makes no code for ${facts.name} (sm_${facts.architecture})`,
      `install CUDA ${chosen.cuda - 1}, and name its folder: GAN_CUDA_LIBS=FOLDER`,
    );
  const debug = (machine.env['GAN_DEBUG'] ?? '').split(',');
  const device = faults.guard(
    starting,
    () =>
      new CudaDevice({
        driver: driver!,
        nvrtc,
        target,
        blas: libraries.blas,
        dnn: libraries.dnn,
        facts,
        precision: options.precision,
        cache: new DiskCache(cacheFolder(machine.env, machine.platform, machine.home)),
        faults,
        addressOf: native.addressOf,
        waitForEach: debug.includes('sync'),
        log: debug.includes('cudnn') ? (line) => process.stderr.write(`cudnn: ${line}\n`) : undefined,
        exactAllocations: debug.includes('alloc'),
      }),
  );
  const info = {
    gpu: facts.name,
    precision: options.precision,
    ...versions(chosen, result.answer, Number(libraries.dnn.cudnnGetVersion())),
    tfjs: tf.version_core,
  };
  return {
    ...opened(api, device, driver!, info),
    collective: collective({
      api,
      device,
      driver: driver!,
      thread: {file: found.driver!, context: device.context},
      uuid: facts.uuid,
      nccl() {
        const file = findNccl(machine, [options.libs]);
        return file === undefined ? undefined : new Nccl(native.loadLibrary(file).bind(ncclSignatures));
      },
      wanted: machine.env['GAN_CUDA_RANKS'],
    }),
  };
}

/** Registers backend and kernels of an open device with tfjs. */
export function opened(
  {tf, kernels}: Pick<Gan, 'tf' | 'kernels'>,
  device: CudaDevice,
  driver: Driver,
  info: NonNullable<OpenedDevice['info']>,
): OpenedDevice {
  const reads = new Reads(device, driver);
  tf.registerBackend(tfBackend, () => kernelBackend(tf, device, reads));
  const removeKernels = registerKernels({tf, kernels}, device, tfBackend);
  let isOpen = true;
  return {
    tfBackend,
    info,
    sync: () => reads.sync(),
    capture: {
      record: (run) => device.record(run),
      adds: new Set(['Conv2DBackpropFilter']),
      copy: (from, to) => device.copyTensor(from, to),
      allocate: (shape, dtype) =>
        device.guard('A new tensor', [{shape, dtype}], () => device.output(shape, onDevice(dtype)).info),
    },
    close() {
      if (!isOpen) return;
      isOpen = false;
      removeKernels();
      device.close();
      tf.removeBackend(tfBackend);
    },
  };
}

function onDevice(dtype: DataType): GpuDtype {
  if (!isGpuDtype(dtype)) throw new Error(`the cuda backend has no tensors of the type ${dtype} on the device`);
  return dtype;
}

/** 90300 as 9.3.0, of cuDNN 8 8902 as 8.9.2. */
const cudnnVersion = (version: number): string => {
  const unit = version >= 90_000 ? 10_000 : 1000;
  return [Math.floor(version / unit), Math.floor((version % unit) / 100), version % 100].join('.');
};

const versions = ({cuda}: Chosen, {version}: Extract<DriverAnswer, {ok: true}>, cudnn: number) => ({
  cuda,
  driver: `CUDA ${cudaVersion(version)}`,
  cudnn: cudnnVersion(cudnn),
});
