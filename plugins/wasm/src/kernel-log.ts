import type {Tf} from './registry.js';

/** Where an operation ran, how often, and for how long. */
interface Entry {
  from: 'gan' | 'tfjs';
  calls: number;
  ms: number;
}

/** True if the user asked which kernels ran: `GAN_DEBUG=kernels`. */
export const wantsKernelLog = (): boolean => (process.env['GAN_DEBUG'] ?? '').split(',').includes('kernels');

/**
 * Counts and times every operation of the wasm backend. Returns a function that ends it and writes a table.
 * @param own names of the operations that this package computes
 */
export function logKernels(tf: Tf, own: ReadonlySet<string>, write: (text: string) => void): () => void {
  const entries = new Map<string, Entry>();
  const started = performance.now();
  const originals = tf.getKernelsForBackend('wasm');
  for (const original of originals) {
    const entry: Entry = {from: own.has(original.kernelName) ? 'gan' : 'tfjs', calls: 0, ms: 0};
    entries.set(original.kernelName, entry);
    tf.unregisterKernel(original.kernelName, 'wasm');
    tf.registerKernel({
      ...original,
      kernelFunc: (call) => {
        const start = performance.now();
        try {
          return original.kernelFunc(call);
        } finally {
          entry.calls++;
          entry.ms += performance.now() - start;
        }
      },
    });
  }
  return () => {
    for (const original of originals) {
      tf.unregisterKernel(original.kernelName, 'wasm');
      tf.registerKernel(original);
    }
    write(table(entries, performance.now() - started));
  };
}

function table(entries: Map<string, Entry>, elapsedMs: number): string {
  const used = [...entries].filter(([, {calls}]) => calls > 0).sort(([, a], [, b]) => b.ms - a.ms);
  const inKernels = used.reduce((sum, [, {ms}]) => sum + ms, 0);
  const rows = used.map(
    ([name, {from, calls, ms}]) =>
      `${name.padEnd(28)}${from.padEnd(6)}${String(calls).padStart(8)}${ms.toFixed(1).padStart(12)}`,
  );
  return [
    `kernels on wasm, ${inKernels.toFixed(0)} of ${elapsedMs.toFixed(0)} ms:`,
    `${'operation'.padEnd(28)}${'by'.padEnd(6)}${'calls'.padStart(8)}${'ms'.padStart(12)}`,
    ...rows,
    '',
  ].join('\n');
}
