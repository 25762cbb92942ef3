import type {Gan} from 'gan/plugin';
import type {WebGPUBackend} from '@tensorflow/tfjs-backend-webgpu';
import type {Api} from './open.js';

type Fault = InstanceType<Gan['GanError']>;

export interface Guarded {
  /** Hands over what is recorded and waits until the device has done it. */
  sync(): Promise<void>;
  /** From here on nothing can be read; tensors may still be disposed of. */
  close(): void;
}

const goOn = 'The last checkpoint of the run is complete; go on from it: gan fit --resume RUN';

/**
 * Makes the failures of a device clear errors. WebGPU reports them later and elsewhere than where they happen, and tfjs
 * does not look: a lost device would compute zeros, or never answer. Here the first fault is kept, and everything
 * that is asked of the backend afterwards throws it.
 */
export function guard(backend: WebGPUBackend, {GanError}: Api): Guarded {
  const {device, bufferManager} = backend;
  let fault: Fault | undefined;
  let closed = false;
  const note = (code: `GAN_${string}`, message: string, ...suggestions: string[]): Fault =>
    (fault ??= new GanError('backend', code, message, {suggestions}));
  const memory = (what: string): Fault =>
    note('GAN_BACKEND_MEMORY', `The webgpu device is out of memory: ${what}.`, 'Use a smaller --batch-size or --size, or fewer features.', goOn);
  const check = (): void => {
    if (closed) throw new Error('the webgpu device is closed: read tensors before it is closed');
    if (fault) throw fault;
  };

  /** Resolves only when the device is lost, and then to the fault. */
  const lost = device.lost.then(({reason, message}) => {
    if (closed) return undefined;
    return note('GAN_DEVICE_LOST', `The webgpu device was lost${reason === 'unknown' ? '' : ` (${reason})`}: ${firstLine(message)}.`, goOn, 'If it happens again, look into the log of the graphics driver, or use --backend wasm.');
  });
  device.addEventListener('uncapturederror', (event) => {
    const {error} = event;
    event.preventDefault(); // or Dawn prints it
    if (error instanceof GPUOutOfMemoryError) memory(firstLine(error.message));
    else note('GAN_BACKEND_FAILED', `The webgpu device refused a command: ${firstLine(error.message)}`, 'Please report this, with the output of gan backends.', goOn);
  });

  /** The result of work on the device; a loss of the device while it is awaited ends the wait. */
  const answered = async <T>(work: () => Promise<T>): Promise<T> => {
    check();
    const result = await Promise.race([
      work().catch((error: unknown) => settled().then(() => {
        throw fault ?? error;
      })),
      lost.then((found) => {
        if (found) throw found;
        return new Promise<never>(() => {});
      }),
    ]);
    check();
    return result;
  };
  /** Gives events that came with a failure the time to be told. */
  const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 20));

  const {read, readSync, runWebGPUProgram, disposeData} = backend;
  const {acquireBuffer} = bufferManager;
  backend.read = (dataId) => answered(() => read.call(backend, dataId));
  backend.readSync = (dataId) => {
    check();
    if (!backend.tensorMap.get(dataId).values) {
      throw new GanError('backend', 'GAN_READ_SYNC', 'webgpu cannot be read from synchronously in Node.', {suggestions: ['In place of dataSync() use await data(), in place of arraySync() await array().']});
    }
    return readSync.call(backend, dataId);
  };
  backend.runWebGPUProgram = (...call) => {
    check();
    return runWebGPUProgram.apply(backend, call);
  };
  backend.disposeData = (dataId, force) => closed || disposeData.call(backend, dataId, force);
  bufferManager.acquireBuffer = (size, usage, mapped, reuse) => {
    const limit = (usage & GPUBufferUsage.STORAGE) === 0 ? device.limits.maxBufferSize : Math.min(device.limits.maxBufferSize, device.limits.maxStorageBufferBindingSize);
    if (size > limit) throw memory(`a tensor of ${megabytes(size)} is wanted, and its buffers hold at most ${megabytes(limit)}`);
    try {
      return acquireBuffer.call(bufferManager, size, usage, mapped, reuse);
    } catch (error) {
      throw fault ?? memory(error instanceof Error ? firstLine(error.message) : String(error));
    }
  };

  return {
    sync: () => answered(async () => {
      if (backend.commandEncoder) {
        backend.endComputePassEncoder();
        backend.submitQueue();
      }
      await device.queue.onSubmittedWorkDone();
    }),
    close() {
      closed = true;
    },
  };
}

const firstLine = (text: string): string => (text.split('\n')[0] ?? '').replace(/\.$/, '');
const megabytes = (bytes: number): string => `${Math.round(bytes / 2 ** 20)} MiB`;
