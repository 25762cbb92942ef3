import type {Errors} from '@oclif/core';
import {exitCodes, isGanError, messageOf} from '../../errors.js';
import {didYouMean} from '../../options/nearest.js';
import {pluginError} from '../../plugin/culprit.js';
import {systemError} from '../../system-error.js';
import {indented, jsonText, printable} from '../text/printable.js';
import {styleFor, type Style} from '../text/style.js';

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

/** oclif's own errors, of whichever copy of oclif: to ask its classes would load it. */
const isCliError = (error: unknown): error is Errors.CLIError =>
  error instanceof Error && 'oclif' in error && 'render' in error;

/** What `this.exit(...)` of a command throws. */
export const isExit = (error: unknown): error is Errors.ExitError => isCliError(error) && error.code === 'EEXIT';

/**
 * @param flags the command's flags, for "did you mean"
 * @returns undefined for `this.exit(...)`, which is no error
 */
export function reportOf(error: unknown, flags: readonly string[] = []): ErrorReport | undefined {
  if (isExit(error)) return undefined;
  if (isGanError(error)) {
    const {code, message, suggestions, kind} = error;
    return {code, message, suggestions, exitCode: exitCodes[kind]};
  }
  if (isCliError(error)) {
    const suggestions = [...unknownFlagHints(error, flags), ...(error.suggestions ?? [])];
    return {
      code: error.code ?? 'GAN_USAGE',
      message: withoutHint(error.message),
      suggestions,
      exitCode: error.oclif.exit ?? exitCodes.usage,
    };
  }
  const fault = pluginError(error) ?? systemError(error);
  if (fault) return reportOf(fault);
  const {message, stack} = error instanceof Error ? error : new Error(messageOf(error));
  return {
    code: 'GAN_BUG',
    message,
    suggestions: [reportBugs],
    exitCode: exitCodes.bug,
    ...(stack !== undefined && {stack}),
  };
}

/** Prints an error, on stderr or as JSON on stdout. @returns its exit code */
export function reportError(error: unknown, {json, flags}: {json: boolean; flags?: readonly string[]}): number {
  const report = reportOf(error, flags);
  if (!report) return exitCodes.ok;
  printReport(report, json);
  return report.exitCode;
}

/** Prints a report: for programs on stdout, for people on stderr. */
export function printReport(report: ErrorReport, json: boolean): void {
  if (json) process.stdout.write(`${jsonText({error: report})}\n`);
  else process.stderr.write(`${printable(formatReport(report, styleFor(process.stderr)))}\n`);
}

/** oclif's last line of a message about flags. */
const hint = 'See more help with --help';
const withoutHint = (message: string): string =>
  message.endsWith(hint) ? message.slice(0, -hint.length).trimEnd() : message;

/** oclif's NonExistentFlagsError carries the flags that it did not know. */
function unknownFlagHints(error: Error & {flags?: unknown}, known: readonly string[]): string[] {
  if (!Array.isArray(error.flags)) return [];
  return error.flags.flatMap((flag: unknown) => {
    const meant = didYouMean(String(flag).replace(/^-+/, ''), known);
    return meant === undefined ? [] : [`Did you mean --${meant}?`];
  });
}

/** The report as text: what happened, its code, and what to do. */
function formatReport({code, message, suggestions, stack}: ErrorReport, paint: Style): string {
  return [
    `${paint('red', 'Error')} ${paint('dim', code)}: ${indented(message)}`,
    ...(stack === undefined ? [] : [paint('dim', stack.split('\n').slice(1).join('\n'))]),
    ...suggestions.map((suggestion) => `  ${paint('cyan', '->')} ${indented(suggestion)}`),
  ].join('\n');
}
