import type {Tf} from '../backends/tf.js';
import type {Nn} from '../gan/nn.js';

/** The parts of the API that need tfjs. tfjs is slow to load, so it is loaded when a part first uses it. */
export interface TensorApi {
  tf: Tf;
  nn: Nn;
}

/** Thrown by an access to `tf` or `nn` before they are loaded; `LazyTensors.retry` catches it. */
class NotLoaded extends Error {
  override name = 'NotLoaded';
}

/**
 * `tf` and `nn` for the `Gan` object that parts receive. Destructuring them (`({loss, tf}: Gan) => ...`) costs nothing:
 * until they are loaded, a stand-in is handed out that forwards to the real thing afterwards. Using them too early
 * throws `NotLoaded`; `retry` then loads them and calls again. So listings and `--help` can read the summary and the
 * options of a part without loading tfjs.
 */
export class LazyTensors {
  readonly #import: () => Promise<TensorApi>;
  readonly #standIn: TensorApi;
  #loading: Promise<TensorApi> | undefined;
  #loaded: TensorApi | undefined;

  constructor(importApi: () => Promise<TensorApi>) {
    this.#import = importApi;
    this.#standIn = {tf: this.#forward('tf'), nn: this.#forward('nn')};
  }

  get tf(): Tf {
    return (this.#loaded ?? this.#standIn).tf;
  }

  get nn(): Nn {
    return (this.#loaded ?? this.#standIn).nn;
  }

  async load(): Promise<TensorApi> {
    this.#loading ??= this.#import();
    this.#loaded = await this.#loading;
    return this.#loaded;
  }

  /** The result of `call`, which is called a second time if it turns out to need what is not loaded. */
  async retry<T>(call: () => T): Promise<T> {
    try {
      return call();
    } catch (error) {
      if (!(error instanceof NotLoaded)) throw error;
      await this.load();
      return call();
    }
  }

  #forward<K extends keyof TensorApi>(key: K): TensorApi[K] {
    return new Proxy({} as TensorApi[K], {
      get: (_, property) => {
        if (!this.#loaded) throw new NotLoaded(`${key}.${String(property)} was used before tfjs was loaded`);
        return Reflect.get(this.#loaded[key], property);
      },
    });
  }
}
