import {readFile} from 'node:fs/promises';
import {createRequire} from 'node:module';
import path from 'node:path';
import type {DataType, TensorInfo} from '@tensorflow/tfjs-core';
import type {Gan} from 'gankit/plugin';
import {withSharedMemory} from './shared-memory.js';

type Tf = Gan['tf'];

/** The parts of the backend of tfjs-backend-wasm that are used. Some are internal, in version 4.22. */
export interface TfjsWasm {
  wasm: {
    asm: {memory: WebAssembly.Memory};
    _malloc(bytes: number): number;
    _free(address: number): void;
  };
  dataIdMap: {get(dataId: object): {memoryOffset: number}};
  /** @param memoryOffset memory that is there; without it, some is allocated */
  makeOutput(shape: number[], dtype: DataType, memoryOffset?: number): TensorInfo;
  refCount(dataId: object): number;
  incRef(dataId: object): void;
  disposeData(dataId: object, force?: boolean): boolean;
  readSync(dataId: object): unknown;
}

/** The last start: one waits for the other, because each exchanges how tfjs fetches and where Node keeps listeners. */
let lastStart: Promise<unknown> = Promise.resolve();

/**
 * Loads tfjs-backend-wasm onto a memory that threads can share, makes it the current backend of tfjs and returns it.
 * Its own threads stay off: they need a Web Worker, and they would keep the process from ending.
 */
export function startTfjs(tf: Tf): Promise<TfjsWasm> {
  const start = lastStart.then(() => startAlone(tf));
  lastStart = start.catch(() => {});
  return start;
}

async function startAlone(tf: Tf): Promise<TfjsWasm> {
  // The library lies in the folder of its .wasm files, wherever it was installed.
  const require = createRequire(import.meta.url);
  const library = require.resolve('@tensorflow/tfjs-backend-wasm');
  const binary = withSharedMemory(await readFile(path.join(path.dirname(library), 'tfjs-backend-wasm-simd.wasm')));
  const started = await keepingListeners(() =>
    servingModule(tf, binary, async (url) => {
      // to import CommonJS takes longer
      const {setThreadsCount, setWasmPaths} = require(library) as typeof import('@tensorflow/tfjs-backend-wasm');
      const files = ['tfjs-backend-wasm.wasm', 'tfjs-backend-wasm-simd.wasm', 'tfjs-backend-wasm-threaded-simd.wasm'];
      setWasmPaths(Object.fromEntries(files.map((file) => [file, url])), true);
      setThreadsCount(1);
      return tf.setBackend('wasm');
    }),
  );
  if (!started) {
    throw new Error(
      'tfjs-backend-wasm did not start (its reason is printed above); reinstall @tensorflow/tfjs-backend-wasm',
    );
  }
  return tf.backend() as unknown as TfjsWasm;
}

/** Lets tfjs fetch `binary` under the address that `start` is given, for as long as that runs. */
async function servingModule<T>(
  tf: Tf,
  binary: Uint8Array<ArrayBuffer>,
  start: (url: string) => Promise<T>,
): Promise<T> {
  const url = 'tfjs-backend-wasm-with-shared-memory';
  const {platform} = tf.env();
  const own = Object.getOwnPropertyDescriptor(platform, 'fetch');
  const fetch = platform.fetch.bind(platform);
  // All that tfjs asks of a response. Of a real one Node would first load its HTTP client.
  const response = {ok: true, arrayBuffer: () => Promise.resolve(binary.slice().buffer)} as Response;
  platform.fetch = (path, init) => (path === url ? Promise.resolve(response) : fetch(path, init));
  try {
    return await start(url);
  } finally {
    if (own) Object.defineProperty(platform, 'fetch', own);
    else Reflect.deleteProperty(platform, 'fetch');
  }
}

/**
 * Ends the backend. Its factory stays registered, so that it can be started again. Tensors that outlive it may still be
 * disposed of, but no longer read.
 */
export function stopTfjs(tf: Tf, backend: TfjsWasm): void {
  const factory = tf.findBackendFactory('wasm');
  void keepingListeners(() => tf.removeBackend('wasm'));
  tf.registerBackend('wasm', factory);
  backend.disposeData = () => true;
  backend.readSync = () => {
    throw new Error('the wasm device is closed: read tensors before it is closed');
  };
}

/**
 * Runs `action` and keeps it from the listeners of errors that nobody caught. Emscripten adds some when it starts,
 * which rethrow and so hide where an error came from, and when it ends it removes those of other people as well.
 */
function keepingListeners<T>(action: () => T): T {
  const events = ['uncaughtException', 'unhandledRejection'] as const;
  const before = events.map((event) => process.rawListeners(event) as NodeJS.UncaughtExceptionListener[]);
  const {on} = process;
  process.on = ((event: string, listener: () => void) =>
    (events as readonly string[]).includes(event) ? process : on.call(process, event, listener)) as typeof on;
  const restore = () => {
    process.on = on;
    events.forEach((event, i) => {
      process.removeAllListeners(event);
      for (const listener of before[i] ?? []) process.on(event, listener);
    });
  };
  const result = action();
  if (result instanceof Promise) return result.finally(restore) as T;
  restore();
  return result;
}
