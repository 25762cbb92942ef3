import type {DiskCache} from '../cache/disk-cache.js';
import type {Driver} from '../driver/driver.js';
import {CudaError} from '../driver/cuda-error.js';
import type {KernelSource} from '../gpu.js';
import {compileOptions, type Nvrtc, type Target} from './nvrtc.js';

/** Part of every key: what else decides what a file means. */
const cacheVersion = 1;

/**
 * Functions on the card by source and name. A source is compiled once for the card (some tenths of a second) and kept
 * on disk. What the driver does not take, because it is broken or of another driver's time, is compiled anew.
 */
export class KernelFunctions {
  readonly #modules = new Map<string, {module: bigint; functions: Map<string, bigint>}>();
  /** Keyed by the identity of the source, which is faster than its text. */
  readonly #bySource = new WeakMap<KernelSource, {module: bigint; functions: Map<string, bigint>}>();

  constructor(
    private readonly driver: Driver,
    private readonly nvrtc: Nvrtc,
    private readonly cache: DiskCache,
    private readonly target: Target,
  ) {}

  /** The handle of a function. */
  get(source: KernelSource, entry: string): bigint {
    const loaded = this.#bySource.get(source) ?? this.#load(source);
    const known = loaded.functions.get(entry);
    if (known !== undefined) return known;
    const handle = this.driver.functionOf(loaded.module, entry);
    loaded.functions.set(entry, handle);
    return handle;
  }

  /** Unloads all of them. */
  close(): void {
    for (const {module} of this.#modules.values()) this.driver.unloadModule(module);
    this.#modules.clear();
  }

  #load(source: KernelSource) {
    const key = JSON.stringify([cacheVersion, source.text, compileOptions(source, this.target), this.nvrtc.version]);
    const known = this.#modules.get(key);
    const loaded = known ?? {module: this.#module(source, key), functions: new Map<string, bigint>()};
    this.#modules.set(key, loaded);
    this.#bySource.set(source, loaded);
    return loaded;
  }

  #module(source: KernelSource, key: string): bigint {
    const kept = this.cache.get(key);
    if (kept) {
      try {
        return this.driver.loadModule(kept);
      } catch (error) {
        if (!(error instanceof CudaError) || error.sticky || error.outOfMemory) throw error;
      }
    }
    const image = this.nvrtc.compile(source, this.target);
    const module = this.driver.loadModule(image);
    this.cache.put(key, image);
    return module;
  }
}
