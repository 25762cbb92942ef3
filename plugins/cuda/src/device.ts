import type {DataId, TensorInfo} from '@tensorflow/tfjs-core';
import {CublasLt} from './blas/matmul.js';
import type {BlasFunctions} from './blas/signatures.js';
import type {DiskCache} from './cache/disk-cache.js';
import {KernelArguments} from './compile/arguments.js';
import {KernelFunctions} from './compile/functions.js';
import type {Nvrtc, Target} from './compile/nvrtc.js';
import {Cudnn, type DnnHost} from './dnn/cudnn.js';
import {rearrange, transpose} from './dnn/kernels.js';
import type {DnnFunctions} from './dnn/signatures.js';
import {CudaError} from './driver/cuda-error.js';
import type {DeviceFacts, Driver} from './driver/driver.js';
import type {Faults, Operation} from './faults.js';
import type {Card, Element, GpuDtype, Launch, Output, Precision, Turned} from './gpu.js';
import {Allocator} from './memory/allocator.js';
import {PinnedPool} from './memory/pinned.js';
import type {Block} from './memory/pool.js';
import {Uploads} from './memory/uploads.js';
import {Stuck} from './device-poller.js';
import {Profile, type Part, type Timed} from './profile.js';
import {Recording} from './recording.js';
import {storedBytes, Tensors} from './tensors.js';

/** The parts of a device: libraries, and the objects made with them. */
export interface Parts {
  driver: Driver;
  nvrtc: Nvrtc;
  target: Target;
  blas: BlasFunctions;
  dnn: DnnFunctions;
  facts: DeviceFacts;
  precision: Precision;
  cache: DiskCache;
  faults: Faults;
  addressOf(memory: ArrayBufferView): bigint;
  /** Waits for each operation, so that a fault names the one that made it (GAN_DEBUG=sync). */
  waitForEach: boolean;
  /** Told what cuDNN offers for each convolution (GAN_DEBUG=cudnn). */
  log?: ((line: string) => void) | undefined;
  /** An allocation of the driver for each tensor, so that tools see what is beside it (GAN_DEBUG=alloc). */
  exactAllocations: boolean;
}

/** The memory of an operation: scratch memory, and tensors that are freed if it fails. */
interface Frame {
  operation: Operation;
  scratch: Block[];
  sent: Block[];
  outputs: DataId[];
}

const isSameOrder = (a: Turned | undefined, b: Turned | undefined): boolean =>
  a?.rows === b?.rows && a?.columns === b?.columns;

/** The name of a copy in another order or of other numbers. */
const copyName = (element: Element, turned?: Turned): string => [element, turned?.rows, turned?.columns].join(' ');

const sharedBytesOfAll = 48 * 2 ** 10;

/** A card with one stream of computation and one of uploads. */
export class CudaDevice implements DnnHost, Timed {
  readonly card: Card;
  readonly precision: Precision;
  readonly blas: CublasLt;
  readonly dnn: Cudnn;
  readonly tensors: Tensors;
  readonly pinned: PinnedPool;
  readonly allocator: Allocator;
  readonly context: bigint;
  readonly stream: bigint;
  readonly #uploadStream: bigint;
  readonly #parts: Parts;
  readonly #uploads: Uploads;
  readonly #functions: KernelFunctions;
  readonly #arguments: KernelArguments;
  readonly #frames: Frame[] = [];
  /** Functions and how much shared memory they may have where it is more than all may. */
  readonly #sharedBytes = new Map<bigint, number>();
  readonly #constants = new WeakMap<object, Block>();
  readonly #constantBlocks = new FinalizationRegistry<Block>((block) => this.#give(block));
  #recording: Recording | undefined;
  #profiles: readonly Profile[] = [];
  /** Changes when values may have changed in place. */
  #epoch = 0;

  constructor(parts: Parts) {
    const {driver, facts, precision} = parts;
    this.#parts = parts;
    this.precision = precision;
    this.card = {...facts};
    this.context = driver.retainContext(facts.ordinal);
    this.stream = driver.createStream();
    this.#uploadStream = driver.createStream();
    this.allocator = new Allocator(driver, () => this.settle(), parts.exactAllocations);
    this.pinned = new PinnedPool(driver);
    this.#uploads = new Uploads(driver, this.allocator, this.pinned, this.stream, this.#uploadStream);
    this.tensors = new Tensors({
      upload: (bytes, count) => this.#upload(bytes, count),
      take: (bytes) => this.allocator.take(bytes),
      give: (block) => this.#give(block),
    });
    this.#functions = new KernelFunctions(driver, parts.nvrtc, parts.cache, parts.target);
    this.#arguments = new KernelArguments(parts.addressOf);
    this.blas = new CublasLt(parts.blas, this, this.stream, precision, facts.architecture);
    this.dnn = new Cudnn(parts.dnn, this, this.stream, parts.cache, parts.log);
  }

  get recording(): boolean {
    return this.#recording !== undefined;
  }

  operation<T>(name: string, inputs: readonly TensorInfo[], run: () => T): T {
    const frame: Frame = {operation: {name, inputs}, scratch: [], sent: [], outputs: []};
    this.#frames.push(frame);
    this.#parts.faults.handing(frame.operation);
    try {
      return this.#parts.faults.guard(frame.operation, () => {
        const result = this.#blaming(run);
        if (this.#parts.waitForEach && !this.recording) this.#parts.driver.synchronize(this.stream);
        return result;
      });
    } catch (error) {
      for (const dataId of frame.outputs) this.tensors.release(dataId, true);
      throw error;
    } finally {
      this.#frames.pop();
      for (const block of frame.scratch) this.allocator.give(block);
      for (const block of frame.sent) this.#give(block);
    }
  }

  output(shape: number[], dtype: GpuDtype, element: Element = 'float', turned?: Turned): Output {
    const dataId = {};
    const {block} = this.tensors.addOutput(
      dataId,
      shape.reduce((size, n) => size * n, 1),
      dtype,
      element,
      turned,
    );
    this.#frames.at(-1)?.outputs.push(dataId);
    return {info: {dataId, shape, dtype}, address: block?.address ?? 0n};
  }

  alias({dataId, shape, dtype}: TensorInfo, other = shape): TensorInfo {
    this.tensors.get(dataId).refs++;
    return {dataId, shape: other, dtype};
  }

  address(tensor: TensorInfo, element: Element = 'float', turned?: Turned): bigint {
    return this.block(tensor.dataId, element, turned)?.address ?? 0n;
  }

  elementOf({dataId}: TensorInfo): Element {
    return this.tensors.get(dataId).element;
  }

  turnedOf({dataId}: TensorInfo): Turned | undefined {
    return this.tensors.get(dataId).turned;
  }

  /** The block whose address `address` gives; undefined for data without elements. */
  block(dataId: DataId, element: Element = 'float', turned?: Turned): Block | undefined {
    if (turned) this.#turn(dataId, turned);
    const lying = this.#lying(dataId);
    const {element: own, turned: order, bytes} = this.tensors.get(dataId);
    if (!lying || (own === element && isSameOrder(order, turned))) return lying;
    // from one order to another by way of tfjs's: what has been a filter may be looked at as another one
    const [from, fromOrder] =
      order && turned && !isSameOrder(order, turned) ? [this.block(dataId, own)!, undefined] : [lying, order];
    const [name, size] = [copyName(element, turned), element === 'bf16' ? bytes / 2 : bytes];
    return this.tensors.derived(dataId, name, size, this.#epoch, ({address}) =>
      rearrange(this, {address: from.address, type: own}, fromOrder, {address, type: element}, turned, bytes / 4),
    );
  }

  /**
   * Gives back the copy in tfjs's order of a tensor that lies otherwise, after what was handed over so far. The weights
   * of a training are read now and then, for checkpoints, and would lie twice from then on.
   */
  dropCopy(dataId: DataId): void {
    this.tensors.drop(dataId, copyName('float'));
  }

  /**
   * Weights from the host, which are about to be used in another order, lie so from now on, unless a recording knows
   * where they are.
   */
  #turn(dataId: DataId, turned: Turned): void {
    const entry = this.tensors.get(dataId);
    if (!entry.fromHost || entry.turned || this.recording) return;
    const lying = this.#lying(dataId);
    if (!lying || lying.holds > 0) return;
    const block = this.allocator.take(entry.bytes);
    transpose(
      this,
      {address: lying.address, type: 'float'},
      {address: block.address, type: 'float'},
      turned.rows,
      turned.columns,
    );
    this.tensors.turn(dataId, block, turned);
  }

  /** The block of a tensor as it lies, ready to be used. */
  #lying(dataId: DataId): Block | undefined {
    const block = this.tensors.blockOf(dataId);
    if (!block) return undefined;
    const entry = this.tensors.get(dataId);
    this.#recording?.uses(block);
    if (entry.ready !== undefined) {
      if (!this.recording) this.#parts.driver.waitEvent(this.stream, entry.ready); // before a recording all was settled
      delete entry.ready;
    }
    return block;
  }

  scratch(bytes: number): bigint {
    const frame = this.#frame();
    const block = this.allocator.take(bytes);
    frame.scratch.push(block);
    return block.address;
  }

  overwrite(tensor: TensorInfo): bigint {
    if (this.elementOf(tensor) !== 'float') throw new Error('only float32 is written over in place');
    const address = this.address(tensor, 'float', this.turnedOf(tensor));
    this.tensors.changed(tensor.dataId);
    return address;
  }

  send(bytes: Uint8Array): bigint {
    const frame = this.#frame();
    if (this.recording) throw new Error('nothing can be sent to the device while a step is captured');
    if (bytes.length === 0) return 0n;
    const {block, ready} = this.timed('copies', 0, () => this.#uploads.send(bytes));
    frame.sent.push(block);
    if (ready !== undefined) this.#parts.driver.waitEvent(this.stream, ready);
    return block.address;
  }

  constant(values: Float32Array | Int32Array | Uint8Array): bigint {
    const known = this.#constants.get(values);
    if (known) {
      this.#recording?.uses(known);
      return known.address;
    }
    const block = this.#uploads.sendNow(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
    this.#constants.set(values, block);
    this.#constantBlocks.register(values, block);
    this.#recording?.uses(block);
    return block.address;
  }

  launch({source, entry, grid, block, sharedBytes = 0, args}: Launch): void {
    if (grid.includes(0)) return;
    const {driver} = this.#parts;
    const handle = this.#functions.get(source, entry);
    if (sharedBytes > (this.#sharedBytes.get(handle) ?? sharedBytesOfAll)) {
      driver.allowSharedBytes(handle, sharedBytes);
      this.#sharedBytes.set(handle, sharedBytes);
    }
    this.timed('kernels', 0, () =>
      driver.launch(handle, grid, block, sharedBytes, this.stream, this.#arguments.write(args)),
    );
  }

  copy(from: bigint, to: bigint, bytes: number): void {
    if (bytes > 0) this.timed('copies', 0, () => this.#parts.driver.copyOnDevice(to, from, bytes, this.stream));
  }

  fill(address: bigint, pattern: number, count: number): void {
    if (count > 0) this.timed('copies', 0, () => this.#parts.driver.fill(address, pattern, count, this.stream));
  }

  withSpareMemory<T>(maxBytes: number, measure: (address: bigint, bytes: number) => T): T {
    const {driver} = this.#parts;
    if (driver.memoryInfo().free / 4 < maxBytes) this.allocator.trim();
    const bytes = Math.max(256, Math.min(maxBytes, Math.floor(driver.memoryInfo().free / 4)));
    const address = driver.allocate(bytes);
    try {
      return measure(address, bytes);
    } finally {
      driver.synchronize(this.stream);
      driver.free(address);
    }
  }

  read(address: bigint, bytes: number): Uint8Array {
    const {driver} = this.#parts;
    const staging = this.pinned.take(bytes);
    driver.copyToHost(staging.address, address, bytes, this.stream);
    driver.synchronize(this.stream);
    const values = staging.bytes.slice(0, bytes);
    this.pinned.give(staging);
    return values;
  }

  /** Copies the values of a tensor over those of another, in place. */
  copyTensor(from: TensorInfo, to: TensorInfo): void {
    this.operation('Copy', [from, to], () => {
      const place = this.tensors.get(to.dataId);
      if (this.tensors.get(from.dataId).bytes !== place.bytes)
        throw new Error(
          `a tensor of [${from.shape}] ${from.dtype} cannot be copied into one of [${to.shape}] ${to.dtype}`,
        );
      const [source, target] = [from, to].map((one) => this.address(one, place.element, place.turned));
      this.copy(source!, target!, storedBytes(place));
      this.tensors.changed(to.dataId);
    });
  }

  timed<T>(part: Part, flops: number, run: () => T): T {
    const profile = this.#profiles.at(-1);
    return profile && !this.recording ? profile.span(part, flops, run) : run();
  }

  /** Begins to time what is handed to the device; of several profiles at once the last one that began has it. */
  beginProfile(): Profile {
    const profile = new Profile(this.#parts.driver, this.stream);
    this.#profiles = [...this.#profiles, profile];
    return profile;
  }

  endProfile(profile: Profile): void {
    this.#profiles = this.#profiles.filter((one) => one !== profile);
  }

  /** Records what `run` hands to the stream, without running it. */
  record(run: () => void): Recording {
    if (this.#recording) throw new Error('a step is being recorded already');
    const {driver, faults} = this.#parts;
    return this.operation('Recording', [], () => {
      const recording = new Recording({
        driver,
        allocator: this.allocator,
        faults,
        stream: this.stream,
        timed: (run) => this.timed('recorded', 0, run),
        onLaunch: () => this.#epoch++,
      });
      this.#recording = recording;
      this.#epoch++;
      try {
        recording.record(run);
      } finally {
        this.#epoch++;
        this.#recording = undefined;
      }
      return recording;
    });
  }

  /** Drops one reference. Never fails because the device is lost or closed. */
  disposeData(dataId: DataId, force: boolean): boolean {
    const {faults} = this.#parts;
    if (faults.lost || faults.closed) return true;
    return faults.guard({name: 'Disposing of a tensor', inputs: []}, () => this.tensors.release(dataId, force));
  }

  /** Runs something that is no kernel; its failures become errors that name it. */
  guard<T>(name: string, inputs: Operation['inputs'], work: () => T): T {
    return this.#parts.faults.guard({name, inputs}, work);
  }

  /** What is in its memory is not to be used any more, nor given back, because of this error. */
  lose(error: unknown, name: string): void {
    const {faults} = this.#parts;
    faults.lose(faults.explain(error, {name, inputs: []}) as Error);
  }

  /** Waits until everything that was handed over is done. */
  settle(): void {
    this.#parts.driver.synchronize(this.#uploadStream);
    this.#parts.driver.synchronize(this.stream);
  }

  /**
   * Releases everything but the context, which libraries in this process may hold too and which ends with the process.
   * Calls nothing on a lost device.
   */
  close(): void {
    const {driver, faults} = this.#parts;
    const {lost} = faults;
    faults.close();
    this.tensors.clear();
    if (lost || this.#isLost()) return;
    this.dnn.close();
    this.blas.close();
    this.#functions.close();
    this.pinned.close();
    this.allocator.close();
    driver.destroyStream(this.#uploadStream);
    driver.destroyStream(this.stream);
  }

  /** Waits for the last work; whether the device turns out to be lost. */
  #isLost(): boolean {
    try {
      this.settle();
      return false;
    } catch (error) {
      if (error instanceof Stuck || (error instanceof CudaError && error.sticky)) return true;
      throw error;
    }
  }

  /** A library that fails on a device that is lost says so in words of its own: the driver's reason goes before it. */
  #blaming<T>(run: () => T): T {
    try {
      return run();
    } catch (error) {
      if (error instanceof CudaError && error.library !== 'driver' && !this.recording)
        this.#parts.driver.streamDone(this.stream);
      throw error;
    }
  }

  /** Takes memory back, unless there is no device left to take it for. */
  #give(block: Block): void {
    const {faults} = this.#parts;
    if (!faults.lost && !faults.closed) this.#uploads.give(block, this.recording);
  }

  #frame(): Frame {
    const frame = this.#frames.at(-1);
    if (!frame) throw new Error('memory was allocated outside of an operation');
    return frame;
  }

  #upload(bytes: Uint8Array, count: number): {block: Block; ready?: bigint} {
    if (this.recording) return {block: this.#uploads.sendNow(bytes)};
    if (count > 1 || bytes.length !== 4) return this.timed('copies', 0, () => this.#uploads.send(bytes));
    const block = this.allocator.take(4);
    this.fill(block.address, new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true), 1);
    return {block};
  }
}
