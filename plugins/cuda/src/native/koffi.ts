import koffi from 'koffi';
import type {Bound, CType, Signatures} from './signatures.js';

/** NVRTC and cuDNN recurse deeper than the 2 MiB that koffi gives a call; this is its maximum. */
const stackBytes = 16 * 2 ** 20;
if ((koffi.config() as {sync_stack_size: number}).sync_stack_size !== stackBytes)
  koffi.config({sync_stack_size: stackBytes}); // once in a process, though this may be loaded twice

const types: Record<CType, string | ReturnType<typeof koffi.struct>> = {
  int: 'int',
  uint: 'uint',
  u64: 'uint64',
  pointer: 'void *',
  text: 'str',
  id: koffi.struct({internal: koffi.array('uint8', 128, 'Typed')}),
  void: 'void',
};

/** A shared library in this process. */
export interface Library {
  /** @throws Error that names the function if the library has none of that name */
  bind<T extends Signatures>(signatures: T): Bound<T>;
}

/**
 * Loads a shared library. Its symbols become visible to those loaded later: CUDA's libraries look for one another by
 * name.
 * @throws Error with the loader's reason
 */
export function loadLibrary(file: string): Library {
  const library = koffi.load(file, {global: true});
  return {
    bind<T extends Signatures>(signatures: T) {
      const functions = Object.entries(signatures).map(([name, [result, ...parameters]]) => [
        name,
        library.func(
          name,
          types[result],
          parameters.map((type) => types[type]),
        ),
      ]);
      return Object.fromEntries(functions) as Bound<T>;
    },
  };
}

/** Memory outside of JavaScript as if it were inside; valid for as long as whoever owns it keeps it. */
export const viewMemory = (address: bigint, bytes: number): ArrayBuffer => koffi.view(address, bytes);

/**
 * Address of a typed array's first byte. The array must not grow, and must be kept for as long as the address is used.
 */
export const addressOf = (memory: ArrayBufferView): bigint => koffi.address(memory);

/** A text that ends with a zero, in UTF-8. */
export const textAt = (address: bigint): string => koffi.decode.string(address);
