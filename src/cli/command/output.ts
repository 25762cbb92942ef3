import {constants} from 'node:os';
import {exitCodes} from '../../errors.js';
import {reportError} from './error-report.js';
import {culpritOf, loadedPlugins} from '../../plugin/culprit.js';
import {systemError} from '../../system-error.js';

/** What a stream reports when nobody reads it any more: a closed pipe, a closed terminal. */
const readerLeft = ['EPIPE', 'EIO', 'ECONNRESET', 'ERR_STREAM_DESTROYED'];

let goesOn = false;
let lost: NodeJS.ErrnoException | undefined;

/**
 * From now on a fault of stdout or stderr (a closed pipe or terminal, a full disk) does not end the process by itself.
 * What is lost on stderr is lost. Without stdout a command that only prints has nothing left to do: it ends, with 141
 * where its reader left, as for any program that SIGPIPE ends. A command that makes something goes on
 * (`goOnWithoutOutput`).
 * @param end ends the process
 */
export function guardOutput(end: (exitCode: number) => void): void {
  goesOn = false;
  lost = undefined;
  process.stdout.removeAllListeners('error'); // oclif's, which throws what is not EPIPE
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    lost ??= error;
    if (!goesOn) end(tellLoss(lost));
  });
  process.stderr.on('error', () => {});
}

/**
 * Prints on stderr what the code of plug-ins prints on stdout, which is for results: `--json` has nothing else there.
 * @returns what takes this back
 */
export function divertPlugins(): () => void {
  const own = process.stdout.write;
  const divert = function (this: unknown, ...args: Parameters<typeof own>): boolean {
    const isOfPlugin = loadedPlugins().length > 0 && culpritOf(new Error().stack) !== undefined;
    return isOfPlugin ? process.stderr.write(...args) : own.apply(process.stdout, args);
  };
  process.stdout.write = divert as typeof own;
  return () => {
    if (process.stdout.write === (divert as typeof own)) process.stdout.write = own;
  };
}

/** For commands whose result is not what they print: they do it whether or not anybody reads. */
export function goOnWithoutOutput(): void {
  goesOn = true;
}

/** Resolves when everything that was printed has been handed to the system, or is lost. */
export async function flushOutput(): Promise<void> {
  await Promise.all(
    [process.stdout, process.stderr].map(
      (stream) =>
        new Promise<void>((resolve) => {
          if (stream.destroyed) resolve();
          else stream.write('', () => resolve());
        }),
    ),
  );
}

/** Says what became of the results, unless their reader left on purpose. @returns the exit code for it */
function tellLoss(error: NodeJS.ErrnoException): number {
  if (readerLeft.includes(error.code ?? '')) return 128 + constants.signals.SIGPIPE;
  error.path ??= 'The standard output';
  const fault = systemError(error);
  if (fault) reportError(fault, {json: false});
  return fault?.exitCode ?? exitCodes.data;
}
