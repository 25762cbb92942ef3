import {Errors} from '@oclif/core';
import {exitCodes, isGanError} from '../../errors.js';
import {didYouMean} from '../../options/nearest.js';
import {indented} from '../text/printable.js';
import type {Style} from '../text/style.js';

/** An error as the command line tells it. */
export interface ErrorReport {
  code: string;
  message: string;
  suggestions: string[];
  exitCode: number;
  /** Only for faults of the program. */
  stack?: string;
}

const reportBugs = 'This is a bug in gan. Please report it with the lines above and the output of `gan --version`.';

/** Node's message when it has no memory for an array. */
const tooLarge = /^(Invalid typed array length|Array buffer allocation failed)/;

/**
 * @param flags the command's flags, for "did you mean"
 * @returns undefined for `this.exit(...)`, which is no error
 */
export function reportOf(error: unknown, flags: readonly string[] = []): ErrorReport | undefined {
  if (error instanceof Errors.ExitError) return undefined;
  if (isGanError(error)) {
    const {code, message, suggestions, kind} = error;
    return {code, message, suggestions, exitCode: exitCodes[kind]};
  }
  if (error instanceof Errors.CLIError) {
    const suggestions = [...unknownFlagHints(error, flags), ...(error.suggestions ?? [])];
    return {
      code: error.code ?? 'GAN_USAGE',
      message: error.message.replace(/\s*See more help with --help$/, ''),
      suggestions,
      exitCode: error.oclif.exit ?? exitCodes.usage,
    };
  }
  const {message, stack} = error instanceof Error ? error : new Error(String(error));
  if (error instanceof RangeError && tooLarge.test(message)) {
    return {
      code: 'GAN_HOST_MEMORY',
      message: `Something in this training is larger than a process can hold: ${message}.`,
      suggestions: ['Use a smaller --batch-size or --size, or fewer features.'],
      exitCode: exitCodes.backend,
    };
  }
  return {
    code: 'GAN_BUG',
    message,
    suggestions: [reportBugs],
    exitCode: exitCodes.bug,
    ...(stack !== undefined && {stack}),
  };
}

/** oclif's NonExistentFlagsError carries the flags that it did not know. */
function unknownFlagHints(error: Error & {flags?: unknown}, known: readonly string[]): string[] {
  if (!Array.isArray(error.flags)) return [];
  return error.flags.flatMap((flag: unknown) => {
    const meant = didYouMean(String(flag).replace(/^-+/, ''), known);
    return meant === undefined ? [] : [`Did you mean --${meant}?`];
  });
}

/** The report as text: what happened, its code, and what to do. */
export function formatReport({code, message, suggestions, stack}: ErrorReport, paint: Style): string {
  return [
    `${paint('red', 'Error')} ${paint('dim', code)}: ${indented(message)}`,
    ...(stack === undefined ? [] : [paint('dim', stack.split('\n').slice(1).join('\n'))]),
    ...suggestions.map((suggestion) => `  ${paint('cyan', '->')} ${indented(suggestion)}`),
  ].join('\n');
}
