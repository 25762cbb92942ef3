import {readFileSync} from 'node:fs';
import {constants} from 'node:os';
import path from 'node:path';
import {reallyExit, setKeeper} from './ending.js';

/**
 * The signals that ask for an end: Ctrl-C, `kill`, a terminal that is closed, and what batch systems send before a time
 * limit. SIGQUIT is left to the system, which ends the process at once.
 */
export const stopSignals = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGUSR1', 'SIGUSR2', 'SIGXCPU'] as const;
type StopSignal = (typeof stopSignals)[number];

/** Exit code of a process that a signal ended, as shells count. */
const codeOf = (name: StopSignal): number => 128 + constants.signals[name];

/** Turns the signals that ask for an end into an orderly stop. */
export interface Interruption {
  /** Aborted by the first signal; its exit code is the reason. */
  readonly signal: AbortSignal;
  /** The exit code that the first signal asks for; undefined while there was none. */
  readonly exitCode: number | undefined;
  /** An error that nothing waits for, which asked for the stop in place of a signal. */
  readonly fault: {error: unknown} | undefined;
  /** Takes the handlers away again. */
  dispose(): void;
}

/**
 * Listens for signals: the first one aborts `signal`, the second one ends the process at once. For that the handlers
 * are taken away, which leaves the second to the system: it ends the process even in the middle of a step, when no
 * JavaScript handler could run. (A shell reports 130 for SIGINT, 143 for SIGTERM then, too.) SIGHUP stays ignored under
 * nohup. An error that nothing waits for stops like a signal.
 * @param onFirst called at the first signal, to tell the user what happens now
 */
export function listenForStop(onFirst: (name: StopSignal) => void): Interruption {
  const controller = new AbortController();
  const names = stopSignals.filter((name) => constants.signals[name] !== undefined); // Windows has three of them
  let exitCode: number | undefined;
  let fault: Interruption['fault'];
  const handler = (given: NodeJS.Signals): void => {
    const name = given as StopSignal;
    if (name === 'SIGHUP' && isHangupIgnored()) return;
    if (exitCode !== undefined) reallyExit(codeOf(name)); // both came during one step
    exitCode = codeOf(name);
    controller.abort(exitCode);
    onFirst(name);
    setImmediate(leaveSignals);
  };
  setKeeper((error) => {
    fault = {error};
    controller.abort();
  });
  const leaveSignals = (): void => {
    for (const name of names) process.off(name, handler);
  };
  for (const name of names) process.on(name, handler);
  return {
    signal: controller.signal,
    get exitCode() {
      return exitCode;
    },
    get fault() {
      return fault;
    },
    dispose() {
      setKeeper(undefined);
      leaveSignals();
    },
  };
}

/**
 * Whether this process was started to outlive its terminal. Node takes all signals up again when it starts, ignored
 * ones too, so that nothing of this process tells: nohup is known by the variable that shells set to the command they
 * start, or a shell that it started by the signals that this one ignores (Linux).
 */
export function isHangupIgnored(): boolean {
  if (path.basename(process.env['_'] ?? '') === 'nohup') return true;
  try {
    const status = readFileSync(`/proc/${process.ppid}/status`, 'utf8');
    const ignored = BigInt(`0x${/^SigIgn:\s*([0-9a-f]+)/m.exec(status)![1]!}`);
    return (ignored & (1n << BigInt(constants.signals.SIGHUP - 1))) !== 0n;
  } catch {
    return false;
  }
}
