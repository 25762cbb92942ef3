/**
 * The end of the process. A command ends by its own word: when it is done, has failed, or was told to stop. Other ends
 * are told and have an exit code of their own: an error that nothing waits for, `process.exit` of a plug-in, a promise
 * that never settles.
 */
import {GanError} from '../../errors.js';

/** Someone who can still save something: told of what ends the process, in place of the process ending at once. */
export interface Keeper {
  /** An error outside of the work, which could go on for a while: it should come to an end. */
  fault(error: unknown): void;
  /** The work waits for something that will never come. */
  stuck(): void;
}

let keeper: Keeper | undefined;

/** Sets who is told; undefined for nobody. */
export function setKeeper(next: Keeper | undefined): void {
  keeper = next;
}

/** Ends the process, as nobody but this package may while a command runs. */
export let reallyExit: (code: number) => never = (code) => process.exit(code);

/**
 * Runs a command to its end.
 * @throws what it throws; errors that nothing waits for, unless someone saves something first; GanErrors
 * GAN_UNFINISHED (exit 3) when the event loop is empty before the command is done
 */
export async function toTheEnd(work: () => Promise<void>): Promise<void> {
  const exit = process.exit;
  reallyExit = (code) => exit.call(process, code);
  let isStuck = false;
  let abort: (error: unknown) => void = () => {};
  const onFault = (error: unknown): void => {
    const told = keeper;
    keeper = undefined; // a second fault ends it
    if (told) told.fault(error);
    else abort(error);
  };
  const onIdle = (): void => {
    if (keeper && !isStuck) keeper.stuck();
    else abort(unfinished('something that it waits for'));
    isStuck = true;
  };
  process.exit = refuseExit;
  process.on('uncaughtException', onFault).on('beforeExit', onIdle);
  try {
    await new Promise<void>((resolve, reject) => {
      abort = reject;
      work().then(resolve, reject);
    });
  } finally {
    process.exit = exit;
    process.off('uncaughtException', onFault).off('beforeExit', onIdle);
    keeper = undefined;
  }
}

/** @param what what never ended */
export const unfinished = (what: string): GanError =>
  new GanError('config', 'GAN_UNFINISHED', `The command cannot end: ${what} never comes to an end.`, {
    suggestions: [
      'Parts of plug-ins must settle every promise that they return: look there first (gan plugins).',
      'Without a plug-in, please report this with the output of `gan --version`.',
    ],
  });

/** In the place of `process.exit`: what calls it in the middle of a command fails like anything else that throws. */
function refuseExit(code?: number | string | null): never {
  const error = new GanError('config', 'GAN_EXIT_CALLED', `process.exit(${code ?? ''}) was called inside a command.`);
  const at = error.stack
    ?.split('\n')
    .find((line) => line.includes('file:') && !line.includes(import.meta.url))
    ?.trim();
  error.suggestions.push(
    ...(at === undefined ? [] : [`It was called ${at}.`]),
    'A part of a plug-in must throw an error instead: report this to its author, or leave the part out.',
  );
  throw error;
}
