import os from 'node:os';
import {systemLimits} from '../../system-limits.js';
import {bytesText, ok, warning, type Finding} from '../context.js';

export interface MemoryFacts {
  /** Bytes. */
  total: number;
  available: number;
  cores: number;
  processor: string;
  /** What lets the process use less of the machine than there is: a file of a cgroup, or `ulimit -v`. */
  memoryLimit?: string | undefined;
  coreLimit?: string | undefined;
}

/** Measured peak memory of `gan fit` with its defaults on the wasm backend: 64x64, batches of 64. */
const neededBytes = 1.5e9;

/** Processor, cores, and whether there is memory for the default job. */
export function checkMemory(facts: MemoryFacts = memoryFacts()): Finding[] {
  const {total, available, cores, processor, memoryLimit, coreLimit} = facts;
  const what = `${bytesText(available)} of ${bytesText(total)} free${limitedBy(memoryLimit)}`;
  const isShort = available < neededBytes;
  return [
    ok('processor', `${processor}, ${cores} ${cores === 1 ? 'core' : 'cores'}${limitedBy(coreLimit)}`),
    isShort
      ? warning(
          'memory',
          `${what}; the default training takes about ${bytesText(neededBytes)}`,
          `${memoryLimit === undefined ? 'close other programs' : 'allow more memory'}, or train smaller: gan fit --batch-size 16 --size 32`,
        )
      : ok('memory', what),
  ];
}

const limitedBy = (limit: string | undefined): string => (limit === undefined ? '' : ` (limited by ${limit})`);

/** Limits of containers count: they end a process that the machine has memory for. */
function memoryFacts(): MemoryFacts {
  const {memory, processors} = systemLimits();
  return {
    total: memory.value,
    available: Math.min(process.availableMemory(), memory.value),
    cores: processors.value,
    processor: os.cpus()[0]?.model.trim() ?? 'unknown processor',
    memoryLimit: memory.by,
    coreLimit: processors.by,
  };
}
