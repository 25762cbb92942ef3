/**
 * CUDA without CUDA: the functions of the driver, NVRTC, cuBLASLt and cuDNN, as TypeScript over the emulator. Each
 * checks what it is given.
 */
import koffi from 'koffi';
import type {DriverFunctions} from '../../../../plugins/cuda/src/driver/signatures.js';
import type {KernelArg} from '../../../../plugins/cuda/src/gpu.js';
import type {EmulatorLibrary} from '../emulator/library.js';
import {hostMemory, Ranges} from './memory.js';
import {codes, Streams, type Pace} from './streams.js';

export interface FakeOptions {
  /** Of the stream of computation and of that of uploads. Default: both late. */
  paces?: readonly Pace[];
  cards?: readonly FakeCard[];
  /** Version of CUDA that the driver runs. */
  version?: number;
}

export interface FakeCard {
  name: string;
  bytes: number;
  architecture: number;
}

/** A call as it was made. */
export interface Call {
  name: string;
  args: readonly unknown[];
}

/** The fake's state; what it was asked for is in `calls`. */
export class FakeCuda {
  readonly calls: Call[] = [];
  readonly driver: DriverFunctions;
  readonly streams: Streams;
  readonly device: Ranges;
  readonly pinned: Ranges;
  readonly modules = new Map<bigint, string>();
  readonly functions = new Map<bigint, {source: string; entry: string}>();
  readonly library: EmulatorLibrary;
  readonly #host = hostMemory();
  readonly #options: Required<FakeOptions>;
  readonly #texts = new Map<bigint, string>();
  /** Events that have a time. */
  readonly #timers = new Set<bigint>();
  #initialised = false;
  /** How often the context of a card was retained. It is not released. */
  contexts = 0;
  /** What the named calls return from now on, in place of doing their work. */
  readonly failures = new Map<string, number>();

  constructor(library: EmulatorLibrary, options: FakeOptions = {}) {
    this.library = library;
    this.#options = {
      paces: ['late', 'late'],
      version: 13_000,
      cards: [{name: 'Fake H100', bytes: 2 ** 36, architecture: 90}],
      ...options,
    };
    this.streams = new Streams(this.#options.paces);
    this.device = new Ranges(library);
    this.pinned = new Ranges(this.#host);
    this.device.limit = this.#options.cards[0]!.bytes;
    this.driver = this.#recorded(this.#functions());
  }

  /** Everything that was made and not given back. */
  get leaks(): Record<string, number> {
    return {
      streams: this.streams.alive,
      device: this.device.count,
      pinned: this.pinned.count,
      modules: this.modules.size,
    };
  }

  readonly memory = {
    view: (address: bigint, bytes: number) => {
      expect(bytes <= this.#host.at(address).byteLength, 'a view of pinned memory');
      return this.#host.at(address);
    },
    text: (address: bigint) => this.#texts.get(address)!,
  };

  #functions(): DriverFunctions {
    return {
      cuInit: (flags: number) => {
        this.#initialised = true;
        return expect(flags === 0, 'cuInit takes 0');
      },
      cuDriverGetVersion: (at) => put(at, this.#options.version),
      cuGetErrorName: (code, at) => this.#text(at, `CUDA_ERROR_${code}`),
      cuGetErrorString: (code, at) => this.#text(at, `fake error ${code}`),
      cuDeviceGetCount: (at) => (this.#initialised ? put(at, this.#options.cards.length) : 3),
      cuDeviceGet: (at, ordinal) => put(at, 40 + ordinal),
      cuDeviceGetName: (at, length, device) => {
        Buffer.from(`${this.#card(device).name}\0`).copy(at as Uint8Array);
        return expect(length === (at as Uint8Array).length, 'the length of the name');
      },
      cuDeviceGetUuid_v2: (at, device) => {
        (at as Uint8Array).fill(this.#card(device) ? device : 0);
        return codes.success;
      },
      cuDeviceTotalMem_v2: (at, device) => put(at, BigInt(this.#card(device).bytes)),
      cuDeviceGetAttribute: (at, attribute, device) =>
        put(
          at,
          {
            8: 49152,
            16: 3,
            75: Math.floor(this.#card(device).architecture / 10),
            76: this.#card(device).architecture % 10,
          }[attribute]!,
        ),
      cuDevicePrimaryCtxRetain: (at, device) => {
        this.contexts++;
        return put(at, BigInt(this.#card(device) ? 0x1000 : 0));
      },
      cuCtxSetCurrent: (context) => expect(context === 0x1000n, 'the context'),
      cuMemGetInfo_v2: (free, total) => {
        put(free, BigInt(this.device.limit - this.device.used));
        return put(total, BigInt(this.device.limit));
      },
      cuMemAlloc_v2: (at, bytes) => this.#allocate(this.device, at, bytes),
      cuMemFree_v2: (address) => expect(this.device.free(address), 'device memory that is allocated'),
      cuMemHostAlloc: (at, bytes, flags) => {
        expect(flags === 0, 'no flags');
        return this.#allocate(this.pinned, at, bytes);
      },
      cuMemFreeHost: (address) => expect(this.pinned.free(address), 'pinned memory that is allocated'),
      cuMemcpyHtoDAsync_v2: (to, from, bytes, stream) => {
        this.device.check(to, bytes, 'upload to');
        this.pinned.check(from, bytes, 'upload from');
        return this.streams.hand(stream, 'cuMemcpyHtoDAsync_v2', () => this.library.copy(from, to, Number(bytes)));
      },
      cuMemcpyDtoHAsync_v2: (to, from, bytes, stream) => {
        this.pinned.check(to, bytes, 'read to');
        this.device.check(from, bytes, 'read from');
        return this.streams.hand(stream, 'cuMemcpyDtoHAsync_v2', () => this.library.copy(from, to, Number(bytes)));
      },
      cuMemcpyDtoDAsync_v2: (to, from, bytes, stream) => {
        this.device.check(to, bytes, 'copy to');
        this.device.check(from, bytes, 'copy from');
        return this.streams.hand(stream, 'cuMemcpyDtoDAsync_v2', () => this.library.copy(from, to, Number(bytes)));
      },
      cuMemsetD32Async: (address, pattern, count, stream) => {
        this.device.check(address, 4n * count, 'fill');
        return this.streams.hand(stream, 'cuMemsetD32Async', () =>
          this.library.write(address, new Uint8Array(new Uint32Array(Number(count)).fill(pattern).buffer)),
        );
      },
      cuStreamCreate: (at, flags) => {
        expect(flags === 1, 'a stream that does not wait for the default one');
        return put(at, this.streams.createStream());
      },
      cuStreamDestroy_v2: this.streams.destroyStream,
      cuStreamQuery: (stream) => this.streams.queryStream(stream),
      cuStreamWaitEvent: (stream, event, flags) => expect(flags === 0, 'no flags') || this.streams.wait(stream, event),
      cuStreamBeginCapture_v2: (stream, mode) =>
        expect(mode === 2, 'the relaxed mode') || this.streams.beginCapture(stream),
      cuStreamEndCapture: (stream, at) => {
        const graph = this.streams.endCapture(stream);
        return graph === undefined ? codes.captureInvalidated : put(at, graph);
      },
      cuEventCreate: (at, flags) => {
        const event = this.streams.createEvent();
        if (flags === 0) this.#timers.add(event);
        return expect(flags === 0 || flags === 2, 'an event with or without a time') || put(at, event);
      },
      cuEventDestroy_v2: this.streams.destroyEvent,
      cuEventRecord: (event, stream) => this.streams.record(event, stream),
      cuEventQuery: (event) => this.streams.query(event),
      cuEventElapsedTime: (at, from, to) => {
        const ms = this.streams.elapsed(from, to);
        if (ms === undefined || !this.#timers.has(from) || !this.#timers.has(to)) return codes.invalidHandle;
        (at as Float32Array)[0] = ms;
        return codes.success;
      },
      cuModuleLoadData: (at, image) => {
        const text = Buffer.from(image as Uint8Array).toString();
        if (!text.startsWith('{')) return 200; // CUDA_ERROR_INVALID_IMAGE
        const handle = BigInt(0x9000 + this.calls.length * 16);
        this.modules.set(handle, (JSON.parse(text) as {name: string}).name);
        return put(at, handle);
      },
      cuModuleUnload: (module) => expect(this.modules.delete(module), 'a module that is loaded'),
      cuModuleGetFunction: (at, module, entry) => {
        const source = this.modules.get(module);
        if (source === undefined || !this.library.parameters(source, entry)) return 500; // CUDA_ERROR_NOT_FOUND
        const handle = BigInt(0x9000 + this.calls.length * 16 + 1);
        this.functions.set(handle, {source, entry});
        return put(at, handle);
      },
      cuFuncSetAttribute: (func, attribute, value) =>
        expect(this.functions.has(func) && attribute === 8 && value > 49152, 'more shared memory for a function'),
      cuLaunchKernel: (func, gx, gy, gz, bx, by, bz, shared, stream, table, extra) => {
        const {source, entry} = this.functions.get(func)!;
        expect(extra === null && shared <= 49152, 'no extra, and little shared memory');
        const args = this.#arguments(source, entry, table as bigint);
        return this.streams.hand(stream, 'cuLaunchKernel', () =>
          this.library.launch(source, entry, [gx, gy, gz, bx, by, bz], args, 'mixed'),
        );
      },
      cuGraphInstantiateWithFlags: (at, graph, flags) => {
        expect(flags === 0n, 'no flags');
        const executable = this.streams.instantiate(graph);
        return executable === undefined ? codes.invalidHandle : put(at, executable);
      },
      cuGraphLaunch: (executable, stream) => this.streams.launch(executable, stream),
      cuGraphExecDestroy: this.streams.destroyGraph,
      cuGraphDestroy: this.streams.destroyGraph,
    };
  }

  /** How often a function was called. */
  count(name: string): number {
    return this.calls.filter((call) => call.name === name).length;
  }

  #recorded(functions: DriverFunctions): DriverFunctions {
    return Object.fromEntries(
      Object.entries(functions).map(([name, run]) => [
        name,
        (...args: unknown[]) => {
          this.calls.push({name, args});
          return this.failures.get(name) ?? (run as (...args: unknown[]) => number)(...args);
        },
      ]),
    ) as unknown as DriverFunctions;
  }

  #card(device: number): FakeCard {
    return this.#options.cards[device - 40]!;
  }

  #text(at: unknown, text: string): number {
    const address = BigInt(0x100 + this.#texts.size);
    this.#texts.set(address, text);
    return put(at, address);
  }

  #allocate(ranges: Ranges, at: unknown, bytes: bigint): number {
    if (bytes === 0n) return 1;
    const address = ranges.allocate(bytes);
    return address === undefined ? 2 : put(at, address);
  }

  /** Reads the arguments where cuLaunchKernel would. */
  #arguments(source: string, entry: string, table: bigint): KernelArg[] {
    const {kinds, sizes} = this.library.parameters(source, entry)!;
    const addresses = new BigUint64Array(sizes.length);
    this.library.read(table, new Uint8Array(addresses.buffer));
    return sizes.map((size, i): KernelArg => {
      const bytes = new Uint8Array(size);
      this.library.read(addresses[i]!, bytes);
      const view = new DataView(bytes.buffer);
      const kind = kinds[i];
      if (kind === 'p') return {type: 'pointer', value: view.getBigUint64(0, true)};
      if (kind === 'f') return {type: 'f32', value: view.getFloat32(0, true)};
      if (kind === 's' || size === 1) return {type: 'struct', bytes};
      return size === 8
        ? {type: 'u64', value: view.getBigUint64(0, true)}
        : {type: 'i32', value: view.getInt32(0, true)};
    });
  }
}

/** Writes a result where a function was told to. */
export function put(at: unknown, value: number | bigint): number {
  if (at instanceof BigUint64Array) at[0] = BigInt(value);
  else if (at instanceof Int32Array) at[0] = Number(value);
  else throw new Error('fake cuda: a result wants a place of its size');
  return codes.success;
}

/** @throws Error that says what was wanted; 0 otherwise, which is success */
export function expect(holds: boolean, wanted: string): number {
  if (!holds) throw new Error(`fake cuda: wanted ${wanted}`);
  return codes.success;
}

export const addressOf = (memory: ArrayBufferView): bigint => koffi.address(memory);
