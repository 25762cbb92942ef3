import {hasValue} from '../variables.js';
import {observeKernels} from './kernel-calls.js';
import {isRegisteredHere} from './kernels.js';
import {tf} from './tf.js';

/** True if the user asked which kernels ran: `GAN_DEBUG=kernels`. */
export const wantsKernelLog = (): boolean => hasValue('GAN_DEBUG', 'kernels');

/**
 * Counts and times the kernels of the current backend. Returns a function that ends it and writes a table, the most
 * time first. Times are those until a kernel returned: a device that computes in a queue is done later.
 */
export function logKernels(write: (text: string) => void): () => void {
  const backend = tf.getBackend();
  const entries = new Map<string, {calls: number; ms: number}>();
  const started = performance.now();
  const stop = observeKernels(({kernel, ms}) => {
    const entry = entries.get(kernel) ?? {calls: 0, ms: 0};
    entries.set(kernel, {calls: entry.calls + 1, ms: entry.ms + ms});
  });
  return () => {
    stop();
    const used = [...entries].sort(([, a], [, b]) => b.ms - a.ms);
    const inKernels = used.reduce((sum, [, {ms}]) => sum + ms, 0);
    const row = (...[name, by, calls, ms]: [string, string, string, string]): string =>
      `${name.padEnd(28)}${by.padEnd(9)}${calls.padStart(8)}${ms.padStart(12)}\n`;
    write(
      `kernels on ${backend}, ${inKernels.toFixed(0)} of ${(performance.now() - started).toFixed(0)} ms:\n` +
        row('operation', 'by', 'calls', 'ms') +
        used
          .map(([name, {calls, ms}]) =>
            row(name, isRegisteredHere(backend, name) ? 'plug-in' : 'tfjs', String(calls), ms.toFixed(1)),
          )
          .join(''),
    );
  };
}
