import {exitCodes} from '../../errors.js';

const codes = {SIGINT: exitCodes.sigint, SIGTERM: exitCodes.sigterm} as const;
type StopSignal = keyof typeof codes;

/** Turns SIGINT and SIGTERM into an orderly stop. */
export interface Interruption {
  /** Aborted by the first signal. */
  readonly signal: AbortSignal;
  /** The exit code that the first signal asks for; undefined while there was none. */
  readonly exitCode: number | undefined;
  /** Takes the handlers away again. */
  dispose(): void;
}

/**
 * Listens for signals: the first one aborts `signal`, the second one ends the process at once. For that the handlers
 * are taken away, which leaves the second to the system: it ends the process even in the middle of a step, when no
 * JavaScript handler could run. (A shell reports 130 for SIGINT, 143 for SIGTERM then, too.)
 * @param onFirst called at the first signal, to tell the user what happens now
 */
export function listenForStop(onFirst: (name: StopSignal) => void): Interruption {
  const controller = new AbortController();
  let exitCode: number | undefined;
  const handler = (name: NodeJS.Signals): void => {
    const code = codes[name as StopSignal];
    if (exitCode !== undefined) process.exit(code); // both came during one step
    exitCode = code;
    controller.abort();
    onFirst(name as StopSignal);
    setImmediate(dispose);
  };
  const dispose = (): void => {
    for (const name of Object.keys(codes)) process.off(name, handler);
  };
  for (const name of Object.keys(codes)) process.on(name, handler);
  return {
    signal: controller.signal,
    get exitCode() {
      return exitCode;
    },
    dispose,
  };
}
