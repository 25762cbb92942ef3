import type {Gan} from 'gankit/plugin';
import type {TfjsWasm} from './tfjs.js';

/** The limit of 32-bit addresses. */
const reachable = 2 ** 32;

/**
 * Makes every allocation on the heap fail with an error where no memory is left. tfjs does not look at what `malloc`
 * returns: it would write to address 0, or to where a size of more than 32 bits wraps around to, and everything after
 * that would be computed from ruins.
 */
export function watchMemory({wasm}: TfjsWasm, {GanError, limits}: Pick<Gan, 'GanError' | 'limits'>): void {
  wasm._free(wasm._malloc(4)); // Emscripten's own replaces itself when it is first called
  const malloc = wasm._malloc.bind(wasm);
  wasm._malloc = (bytes) => {
    const address = bytes < reachable ? malloc(bytes) : 0;
    if (address !== 0 || bytes === 0) return address;
    const [wanted, used] = [bytes, wasm.asm.memory.buffer.byteLength].map(mebibytes);
    const {value, by} = limits().memory;
    const least =
      by !== undefined && value < reachable
        ? `this process has a limit of ${mebibytes(value)} (${by})`
        : `WebAssembly has a limit of ${mebibytes(reachable)}`;
    throw new GanError(
      'backend',
      'GAN_BACKEND_MEMORY',
      `The wasm device is out of memory: ${wanted} more are needed, its heap has ${used}, and ${least}.`,
      {
        suggestions: [
          'Use a smaller --batch-size or --size, or fewer features.',
          'The last checkpoint of the run is complete; resume from it: gan fit --resume RUN',
        ],
      },
    );
  };
}

const mebibytes = (bytes: number): string => `${Math.round(bytes / 2 ** 20)} MiB`;
