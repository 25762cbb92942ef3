/**
 * The end of the process. A command ends by its own word: when it is done, has failed, or was told to stop. Other ends
 * are told and have an exit code of their own: an error that nothing waits for, `process.exit` of a plug-in, a promise
 * that never settles.
 */
import {GanError} from '../../errors.js';
import {pluginError} from '../../plugin/culprit.js';

let keeper: ((error: unknown) => void) | undefined;

/**
 * Sets who is told of an error that nothing waits for, in place of the command ending at once: someone who can save
 * something first. Undefined for nobody.
 */
export function setKeeper(next: typeof keeper): void {
  keeper = next;
}

/** Ends the process, as nobody but this package may while a command runs. */
export let reallyExit: (code: number) => never = (code) => process.exit(code);

/**
 * Runs a command to its end.
 * @throws what it throws, and errors that nothing waits for; GanError GAN_UNFINISHED (exit 3) when nothing is left in
 * the process that could bring what the command waits for
 */
export async function toTheEnd(work: () => Promise<void>): Promise<void> {
  const exit = process.exit;
  reallyExit = (code) => exit.call(process, code);
  let isIdle = false;
  let abort: (error: unknown) => void = () => {};
  const onFault = (error: unknown): void => {
    const tell = keeper ?? abort;
    keeper = undefined; // a second fault ends it
    tell(error);
  };
  const onIdle = (): void => {
    if (isIdle) abort(unfinished());
    isIdle = true;
    setImmediate(() => {}); // others who listen for this may still bring what is missing
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

const unfinished = (): GanError =>
  new GanError(
    'config',
    'GAN_UNFINISHED',
    'The command waits for something that will never come: a promise that nothing settles.',
    {
      suggestions: [
        'Parts of plug-ins must settle every promise that they return: try without them (gan plugins lists them).',
        'Without a plug-in, please report this with the output of `gan --version`.',
      ],
    },
  );

/** In the place of `process.exit`: what calls it in the middle of a command fails like anything else that throws. */
function refuseExit(code?: number | string | null): never {
  const called = new Error();
  Error.captureStackTrace(called, refuseExit);
  const ofPlugin = pluginError(called, `called process.exit(${code ?? ''}) inside a command.`);
  if (ofPlugin) throw ofPlugin;
  const error = new GanError('config', 'GAN_EXIT_CALLED', `process.exit(${code ?? ''}) was called inside a command.`);
  const at = called.stack
    ?.split('\n')
    .find((line) => line.includes('file:'))
    ?.trim();
  error.suggestions.push(
    ...(at === undefined ? [] : [`It was called ${at}.`]),
    'A part of a plug-in must throw an error instead: report this to its author, or leave the part out.',
  );
  throw error;
}
