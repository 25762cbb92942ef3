import os from 'node:os';
import {bytesText, ok, warning, type Finding} from '../context.js';

export interface MemoryFacts {
  total: number;
  available: number;
  cores: number;
  processor: string;
}

/** Measured peak memory of `gan fit` with its defaults on the wasm backend: 64x64, batches of 64. */
const neededBytes = 1.5e9;

/** Processor, cores, and whether there is memory for the default job. */
export function checkMemory({total, available, cores, processor} = memoryFacts()): Finding[] {
  const what = `${bytesText(available)} of ${bytesText(total)} free`;
  const isShort = available < neededBytes;
  return [
    ok('processor', `${processor}, ${cores} ${cores === 1 ? 'core' : 'cores'}`),
    isShort
      ? warning(
          'memory',
          `${what}; the default training takes about ${bytesText(neededBytes)}`,
          'close other programs, or train smaller: gan fit --batch-size 16 --size 32',
        )
      : ok('memory', what),
  ];
}

/** Limits of containers count: they end a process that the machine has memory for. */
function memoryFacts(): MemoryFacts {
  const limit = process.constrainedMemory();
  const total = limit > 0 ? Math.min(limit, os.totalmem()) : os.totalmem();
  const cpus = os.cpus();
  return {
    total,
    available: Math.min(process.availableMemory(), total),
    cores: os.availableParallelism(),
    processor: cpus[0]?.model.trim() ?? 'unknown processor',
  };
}
