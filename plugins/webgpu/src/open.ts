import type {Gan, OpenedDevice} from 'gankit/plugin';
import type {WebGPUBackend} from '@tensorflow/tfjs-backend-webgpu';
import {findAdapter} from './dawn.js';
import {explain} from './explain.js';
import {Faults} from './faults.js';
import {factsOf, type Precision, type WebgpuOptions} from './findings.js';
import {guard, sync} from './guard.js';
import {kernels} from './kernels/index.js';
import {hideGpu, showGpu} from './navigator.js';
import {registerKernels} from './kernel.js';

/** The parts of the plug-in API that are used. */
export type Api = Pick<Gan, 'tf' | 'GanError' | 'kernels'>;

/** Name under which tfjs knows the backend. */
const tfBackend = 'webgpu';

/**
 * Starts tfjs-backend-webgpu on an adapter that `probe` accepts.
 * @throws GanError GAN_BACKEND_UNAVAILABLE when there is none, GAN_BACKEND_FAILED when the backend is open already
 */
export async function open(options: WebgpuOptions, api: Api): Promise<OpenedDevice> {
  const {tf, GanError} = api;
  if (tf.findBackend(tfBackend))
    throw new GanError(
      'backend',
      'GAN_BACKEND_FAILED',
      'The webgpu device is open already: tfjs has one such backend; close it first.',
    );
  const found = await findAdapter(options);
  const answer = explain(
    found.gpu
      ? {found: true, adapter: factsOf(found.name, found.adapter), adapters: found.adapters}
      : {found: false, ...found},
    options,
  );
  if (!answer.ok)
    throw new GanError('backend', 'GAN_BACKEND_UNAVAILABLE', `webgpu: ${answer.why}.`, {suggestions: [answer.fix]});
  const {gpu, adapter} = found as Extract<typeof found, {gpu: GPU}>;
  const device = await adapter.requestDevice(descriptor(adapter, options.precision));
  const backend = await startTfjs(gpu, device, adapter.info).catch((error: unknown) => {
    stopDawn(device);
    throw error;
  });
  const faults = new Faults(device, GanError);
  guard(backend, faults);
  register(backend, api);
  const restoreKernels = registerKernels(api, {backend, precision: options.precision}, kernels);
  let isOpen = true;
  return {
    tfBackend,
    info: {...answer.info, precision: options.precision, tfjs: tf.version_core},
    sync: () => sync(backend, faults),
    lose: () => device.destroy(),
    close() {
      if (!isOpen) return;
      isOpen = false;
      restoreKernels();
      faults.close();
      backend.disposeData = () => true; // of tensors that outlive it: their memory is gone with the device
      tf.removeBackend(tfBackend);
      stopDawn(device);
    },
  };
}

/** The adapter's own limits: the guaranteed ones are too small for images (buffers of 256 MiB, bound by 128). */
function descriptor({limits}: GPUAdapter, precision: Precision): GPUDeviceDescriptor {
  const wanted = [
    'maxBufferSize',
    'maxStorageBufferBindingSize',
    'maxStorageBuffersPerShaderStage',
    'maxComputeWorkgroupStorageSize',
    'maxComputeInvocationsPerWorkgroup',
    'maxComputeWorkgroupSizeX',
    'maxComputeWorkgroupsPerDimension',
  ] as const;
  return {
    requiredLimits: Object.fromEntries(wanted.map((name) => [name, limits[name]])),
    requiredFeatures: precision === 'fp16' ? ['shader-f16'] : [],
  };
}

async function startTfjs(gpu: GPU, device: GPUDevice, info: GPUAdapterInfo): Promise<WebGPUBackend> {
  showGpu(gpu); // tfjs-backend-webgpu looks for it when it is loaded, and when the backend is made
  const {WebGPUBackend} = await import('@tensorflow/tfjs-backend-webgpu');
  return new WebGPUBackend(device, info);
}

function stopDawn(device: GPUDevice): void {
  device.destroy();
  hideGpu();
}

/**
 * Makes the backend the one of its name, in place of the factory that tfjs-backend-webgpu registers when it is loaded.
 */
function register(backend: WebGPUBackend, {tf}: Api): void {
  if (tf.findBackendFactory(tfBackend)) tf.removeBackend(tfBackend);
  tf.registerBackend(tfBackend, () => backend);
}
