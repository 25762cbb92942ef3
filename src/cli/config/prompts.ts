import {GanError} from '../../errors.js';
import {printable} from '../text/printable.js';

/**
 * Questions, on a terminal only: a script is told which flag to give. They are drawn on stderr, so that stdout keeps
 * the results.
 */

interface Terminal {
  stdin: {isTTY?: boolean};
  stderr: {isTTY?: boolean};
}

/** @throws GanError GAN_NO_TERMINAL (exit 2) */
export function assertTerminal(instead: string, {stdin, stderr}: Terminal = process): void {
  if (stdin.isTTY && stderr.isTTY) return;
  throw new GanError('usage', 'GAN_NO_TERMINAL', 'This command asks a question, but there is no terminal.', {
    suggestions: [`Use ${instead}.`],
  });
}

/** True if the answer is yes. Ctrl-C counts as no. */
export async function confirm(message: string, instead: string): Promise<boolean> {
  assertTerminal(instead);
  const prompts = await import('@clack/prompts');
  return (await prompts.confirm({message: printable(message), initialValue: false, output: process.stderr})) === true;
}
