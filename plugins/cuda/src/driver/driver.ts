import type {Extent} from '../gpu.js';
import {DevicePoller} from '../device-poller.js';
import {cuda} from './codes.js';
import {CudaError} from './cuda-error.js';
import type {DriverFunctions} from './signatures.js';

/** A card as the driver describes it. */
export interface DeviceFacts {
  ordinal: number;
  name: string;
  /** 32 hexadecimal digits; of a part of a card (MIG) those of the part. */
  uuid: string;
  bytes: number;
  /** Compute capability times ten. */
  architecture: number;
  multiprocessors: number;
  sharedBytesPerBlock: number;
}

/** The driver's answer from a separate process: its cards, or why there are none. */
export type DriverAnswer =
  {ok: true; version: number; devices: DeviceFacts[]} | {ok: false; error: string; code?: number};

/** Memory that the card reads by itself: at an address for CUDA, as a buffer for JavaScript. */
export interface PinnedMemory {
  address: bigint;
  bytes: Uint8Array<ArrayBuffer>;
}

/** Access to memory outside of JavaScript, which the driver cannot do itself. */
export interface Memory {
  view(address: bigint, bytes: number): ArrayBuffer;
  text(address: bigint): string;
}

/**
 * The driver API, one method a call, failures thrown as CudaError. Handles (contexts, streams, events, modules,
 * functions, graphs) and device addresses are bigints. All of it concerns the context that is current.
 */
export class Driver {
  readonly #api: DriverFunctions;
  readonly #memory: Memory;
  /** The poller for all waits. */
  readonly poller: DevicePoller;
  /** Buffer for functions that return one result. */
  readonly #u64 = new BigUint64Array(2);
  readonly #int = new Int32Array(this.#u64.buffer, 0, 1);
  readonly #float = new Float32Array(this.#u64.buffer, 0, 1);

  constructor(api: DriverFunctions, memory: Memory, poller = new DevicePoller(Infinity)) {
    this.#api = api;
    this.#memory = memory;
    this.poller = poller;
  }

  init(): void {
    this.#check('cuInit', this.#api.cuInit(0));
  }

  /** The newest CUDA that this driver can run, as major * 1000 + minor * 10. */
  version(): number {
    this.#check('cuDriverGetVersion', this.#api.cuDriverGetVersion(this.#int));
    return this.#int[0]!;
  }

  devices(): DeviceFacts[] {
    this.#check('cuDeviceGetCount', this.#api.cuDeviceGetCount(this.#int));
    return Array.from({length: this.#int[0]!}, (_, ordinal) => this.#facts(ordinal));
  }

  /** The context that all of a process share on that card; becomes the current one. It is never released. */
  retainContext(ordinal: number): bigint {
    const context = this.#handle('cuDevicePrimaryCtxRetain', (at) =>
      this.#api.cuDevicePrimaryCtxRetain(at, this.#device(ordinal)),
    );
    this.#check('cuCtxSetCurrent', this.#api.cuCtxSetCurrent(context));
    return context;
  }

  /** A stream that does not wait for the default one. */
  createStream(): bigint {
    return this.#handle('cuStreamCreate', (at) => this.#api.cuStreamCreate(at, cuda.CU_STREAM_NON_BLOCKING));
  }

  destroyStream(stream: bigint): void {
    this.#check('cuStreamDestroy', this.#api.cuStreamDestroy_v2(stream));
  }

  /** True if all work on the stream is done. Does not wait. */
  streamDone(stream: bigint): boolean {
    return this.#ready('cuStreamQuery', this.#api.cuStreamQuery(stream));
  }

  /** Blocks until all that was handed to the stream is done. @throws Stuck */
  synchronize(stream: bigint): void {
    this.poller.block(() => this.streamDone(stream));
  }

  /** Makes all later work on the stream start after the event. */
  waitEvent(stream: bigint, event: bigint): void {
    this.#check('cuStreamWaitEvent', this.#api.cuStreamWaitEvent(stream, event, 0));
  }

  createEvent(): bigint {
    return this.#handle('cuEventCreate', (at) => this.#api.cuEventCreate(at, cuda.CU_EVENT_DISABLE_TIMING));
  }

  /** An event that knows when it passed. */
  createTimer(): bigint {
    return this.#handle('cuEventCreate', (at) => this.#api.cuEventCreate(at, cuda.CU_EVENT_DEFAULT));
  }

  /** Milliseconds from one timer to another; both have passed. */
  elapsed(from: bigint, to: bigint): number {
    this.#check('cuEventElapsedTime', this.#api.cuEventElapsedTime(this.#float, from, to));
    return this.#float[0]!;
  }

  destroyEvent(event: bigint): void {
    this.#check('cuEventDestroy', this.#api.cuEventDestroy_v2(event));
  }

  recordEvent(event: bigint, stream: bigint): void {
    this.#check('cuEventRecord', this.#api.cuEventRecord(event, stream));
  }

  /** True if all work before the event is done. Does not wait. */
  eventPassed(event: bigint): boolean {
    return this.#ready('cuEventQuery', this.#api.cuEventQuery(event));
  }

  /** Blocks until all before the event is done. @throws Stuck */
  awaitEvent(event: bigint): void {
    this.poller.block(() => this.eventPassed(event));
  }

  /** Free and total bytes of the card. */
  memoryInfo(): {free: number; total: number} {
    const totals = new BigUint64Array(1);
    this.#check('cuMemGetInfo', this.#api.cuMemGetInfo_v2(this.#u64, totals));
    return {free: Number(this.#u64[0]), total: Number(totals[0])};
  }

  /** Aligned to 256 bytes at least. */
  allocate(bytes: number): bigint {
    return this.#handle('cuMemAlloc', (at) => this.#api.cuMemAlloc_v2(at, BigInt(bytes)));
  }

  free(address: bigint): void {
    this.#check('cuMemFree', this.#api.cuMemFree_v2(address));
  }

  allocatePinned(bytes: number): PinnedMemory {
    const address = this.#handle('cuMemHostAlloc', (at) => this.#api.cuMemHostAlloc(at, BigInt(bytes), 0));
    return {address, bytes: new Uint8Array(this.#memory.view(address, bytes))};
  }

  freePinned(address: bigint): void {
    this.#check('cuMemFreeHost', this.#api.cuMemFreeHost(address));
  }

  copyToDevice(to: bigint, fromPinned: bigint, bytes: number, stream: bigint): void {
    this.#check('cuMemcpyHtoDAsync', this.#api.cuMemcpyHtoDAsync_v2(to, fromPinned, BigInt(bytes), stream));
  }

  copyToHost(toPinned: bigint, from: bigint, bytes: number, stream: bigint): void {
    this.#check('cuMemcpyDtoHAsync', this.#api.cuMemcpyDtoHAsync_v2(toPinned, from, BigInt(bytes), stream));
  }

  copyOnDevice(to: bigint, from: bigint, bytes: number, stream: bigint): void {
    this.#check('cuMemcpyDtoDAsync', this.#api.cuMemcpyDtoDAsync_v2(to, from, BigInt(bytes), stream));
  }

  /** Writes a 32-bit pattern `count` times. */
  fill(address: bigint, pattern: number, count: number, stream: bigint): void {
    this.#check('cuMemsetD32Async', this.#api.cuMemsetD32Async(address, pattern >>> 0, BigInt(count), stream));
  }

  /** @param image a cubin, or PTX that ends with a zero */
  loadModule(image: Uint8Array): bigint {
    return this.#handle('cuModuleLoadData', (at) => this.#api.cuModuleLoadData(at, image));
  }

  unloadModule(module: bigint): void {
    this.#check('cuModuleUnload', this.#api.cuModuleUnload(module));
  }

  functionOf(module: bigint, name: string): bigint {
    return this.#handle('cuModuleGetFunction', (at) => this.#api.cuModuleGetFunction(at, module, name));
  }

  /** Lets a function use more dynamic shared memory than the 48 KiB that all may. */
  allowSharedBytes(func: bigint, bytes: number): void {
    this.#check(
      'cuFuncSetAttribute',
      this.#api.cuFuncSetAttribute(func, cuda.CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES, bytes),
    );
  }

  /** @param parameters address of a table of addresses, one for each parameter; read before this returns */
  launch(func: bigint, grid: Extent, block: Extent, sharedBytes: number, stream: bigint, parameters: bigint): void {
    this.#check(
      'cuLaunchKernel',
      this.#api.cuLaunchKernel(func, ...grid, ...block, sharedBytes, stream, parameters, null),
    );
  }

  /** Starts a capture. Until `endCapture`, work on the stream is captured and not run. Other calls stay allowed. */
  beginCapture(stream: bigint): void {
    this.#check('cuStreamBeginCapture', this.#api.cuStreamBeginCapture_v2(stream, cuda.CU_STREAM_CAPTURE_MODE_RELAXED));
  }

  endCapture(stream: bigint): bigint {
    return this.#handle('cuStreamEndCapture', (at) => this.#api.cuStreamEndCapture(stream, at));
  }

  instantiate(graph: bigint): bigint {
    return this.#handle('cuGraphInstantiate', (at) => this.#api.cuGraphInstantiateWithFlags(at, graph, 0n));
  }

  launchGraph(executable: bigint, stream: bigint): void {
    this.#check('cuGraphLaunch', this.#api.cuGraphLaunch(executable, stream));
  }

  destroyGraph(graph: bigint): void {
    this.#check('cuGraphDestroy', this.#api.cuGraphDestroy(graph));
  }

  destroyExecutable(executable: bigint): void {
    this.#check('cuGraphExecDestroy', this.#api.cuGraphExecDestroy(executable));
  }

  #device(ordinal: number): number {
    this.#check('cuDeviceGet', this.#api.cuDeviceGet(this.#int, ordinal));
    return this.#int[0]!;
  }

  #facts(ordinal: number): DeviceFacts {
    const device = this.#device(ordinal);
    const name = new Uint8Array(256);
    this.#check('cuDeviceGetName', this.#api.cuDeviceGetName(name, name.length, device));
    const uuid = new Uint8Array(16);
    this.#check('cuDeviceGetUuid', this.#api.cuDeviceGetUuid_v2(uuid, device));
    const attribute = (which: number): number => {
      this.#check('cuDeviceGetAttribute', this.#api.cuDeviceGetAttribute(this.#int, which, device));
      return this.#int[0]!;
    };
    return {
      ordinal,
      name: Buffer.from(name.subarray(0, name.indexOf(0))).toString(),
      uuid: Buffer.from(uuid).toString('hex'),
      bytes: Number(this.#handle('cuDeviceTotalMem', (at) => this.#api.cuDeviceTotalMem_v2(at, device))),
      architecture:
        attribute(cuda.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR) * 10 +
        attribute(cuda.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR),
      multiprocessors: attribute(cuda.CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT),
      sharedBytesPerBlock: attribute(cuda.CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK),
    };
  }

  #handle(call: string, run: (at: BigUint64Array) => number): bigint {
    this.#check(call, run(this.#u64));
    return this.#u64[0]!;
  }

  /** Interprets the code of a call that reports whether something is done. */
  #ready(call: string, code: number): boolean {
    if (code === cuda.CUDA_ERROR_NOT_READY) return false;
    this.#check(call, code);
    return true;
  }

  #check(call: string, code: number): void {
    if (code !== cuda.CUDA_SUCCESS) throw new CudaError(call, code, this.#reason(code));
  }

  #reason(code: number): string {
    const read = (call: (code: number, at: BigUint64Array) => number): string =>
      call(code, this.#u64) === cuda.CUDA_SUCCESS && this.#u64[0] !== 0n ? this.#memory.text(this.#u64[0]!) : '';
    return read(this.#api.cuGetErrorString) || read(this.#api.cuGetErrorName) || 'unknown error';
  }
}
