import {execFileSync} from 'node:child_process';
import {registerKernels as register, tf, type Device} from 'gankit';
import {sources} from '../../../../plugins/cuda/src/kernels/index.js';
import {registerKernels} from '../../../../plugins/cuda/src/kernels/register.js';
import {EmulatedMemory, emulate, emulatedBackend, type Emulation} from './backend.js';
import {compileEmulator, wideSuffix, wideVariants} from './compile.js';
import {openLibrary} from './library.js';
import {traced} from './trace.js';

export const emulatorName = 'cuda-emulator';

/** Why nothing can be compiled here, or not for the system that is needed; undefined if it can. */
export function noCompiler(platform: NodeJS.Platform = process.platform): string | undefined {
  if (process.platform !== platform) return `this is not ${platform}`;
  try {
    execFileSync('g++', ['--version'], {stdio: 'ignore'});
    return undefined;
  } catch {
    return 'there is no g++';
  }
}

export interface EmulatedDevice extends Device {
  emulation: Emulation;
  /** What it was asked for so far, where `trace` is set. */
  trace: readonly string[];
  /** Allocations that neither a tensor nor an operation holds. */
  lost(): number;
}

/**
 * The CUDA backend without CUDA: its kernels on the emulator, as tfjs's current backend.
 * @param trace whether to note what it is asked for (trace.ts)
 */
export async function openEmulator({trace = false} = {}): Promise<EmulatedDevice> {
  const wide = wideVariants(sources);
  const plain = openLibrary(await compileEmulator([...sources, ...wide]));
  const {library, lines} = trace ? traced(plain) : {library: plain, lines: []};
  const memory = new EmulatedMemory(library);
  const before = library.allocations();
  const emulation = emulate(library, memory, new Map(wide.map(({name}) => [name.slice(0, -wideSuffix.length), name])));
  const takeBack = registerKernels({tf: tf as never, kernels: {register}}, emulation.gpu, emulatorName);
  tf.registerBackend(emulatorName, () => emulatedBackend(memory));
  await tf.setBackend(emulatorName);
  let open = true;
  return {
    name: emulatorName,
    tfBackend: emulatorName,
    info: {},
    emulation,
    trace: lines,
    lost: () => library.allocations() - before - memory.size,
    sync: async () => undefined,
    memory: () => ({bytes: tf.memory().numBytes, tensors: tf.memory().numTensors}),
    close: async () => {
      if (!open) return;
      open = false;
      takeBack();
      tf.removeBackend(emulatorName); // tensors that outlive it know it still
    },
  };
}
