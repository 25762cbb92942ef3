import type {defineOperation} from '../backends/operation.js';
import type {registerKernels} from '../backends/kernels.js';
import type {Tf} from '../backends/tf.js';
import type {Nn} from '../gan/nn.js';

/** What needs tfjs: costly to load, so it is loaded when something is computed. */
export interface TensorApi {
  tf: Tf;
  nn: Nn;
  registerKernels: typeof registerKernels;
  defineOperation: typeof defineOperation;
}

/** Thrown by a use of what is not loaded. */
export class NotLoaded extends Error {
  override name = 'NotLoaded';
}

/**
 * Something that is loaded when it is needed. Parts receive stand-ins for its properties, which forward to the real
 * ones once these are loaded: so a listing or `--help` reads the summary and the options of a part (`({loss, tf}: Gan)
 * => ...`) and loads nothing.
 */
export class Lazy<T extends object> {
  readonly #import: () => Promise<T>;
  readonly #standIns = new Map<keyof T, object>();
  #loading: Promise<T> | undefined;
  #loaded: T | undefined;

  constructor(importIt: () => Promise<T>) {
    this.#import = importIt;
  }

  /** Loads it, once. */
  async load(): Promise<T> {
    this.#loading ??= this.#import();
    return (this.#loaded = await this.#loading);
  }

  /** The property itself when it is loaded, a stand-in before. */
  get<K extends keyof T>(key: K): T[K] {
    if (this.#loaded) return this.#loaded[key];
    if (!this.#standIns.has(key)) this.#standIns.set(key, this.#standIn(key));
    return this.#standIns.get(key) as T[K];
  }

  #standIn(key: keyof T): object {
    const real = (use: string): object => {
      if (this.#loaded) return this.#loaded[key] as object;
      throw new NotLoaded(`${String(key)}${use} was used before it was loaded: use it in what \`create\` returns`);
    };
    return new Proxy(function () {}, {
      get: (_, property) => Reflect.get(real(`.${String(property)}`), property) as unknown,
      construct: (_, args) => Reflect.construct(real('()') as new () => object, args) as object,
      apply: (_, self, args): unknown => Reflect.apply(real('()') as () => unknown, self, args),
    });
  }
}
