import type {Errors} from '@oclif/core';
import {exitCodes, isGanError, messageOf} from '../../errors.js';
import {hideKeys} from '../../address.js';
import {didYouMean} from '../../options/nearest.js';
import {pluginError} from '../../plugin/culprit.js';
import {systemError} from '../../system-error.js';
import {indented, jsonText, printable} from '../text/printable.js';
import {styleFor, type Style} from '../text/style.js';
import {commandLine, flagMeantBy, type Typed} from './other-words.js';

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
 * @param typed the command line, for what was probably meant
 * @returns undefined for `this.exit(...)`, which is no error
 */
export function reportOf(error: unknown, typed?: Typed): ErrorReport | undefined {
  if (isExit(error)) return undefined;
  if (isGanError(error)) {
    const {code, message, suggestions, kind} = error;
    return {code, message, suggestions, exitCode: exitCodes[kind]};
  }
  if (isCliError(error)) {
    const suggestions = [...(typed ? usageHints(error, typed) : []), ...(error.suggestions ?? [])];
    return {
      code: error.code ?? 'GAN_USAGE',
      message: hideKeys(inOneLine(withoutHint(error.message))),
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
export function reportError(error: unknown, {json, typed}: {json: boolean; typed?: Typed}): number {
  const report = reportOf(error, typed);
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

/** oclif's `Parsing --n \n\tExpected an integer greater than or equal to 1 but received: 0`, as a sentence. */
function inOneLine(message: string): string {
  const [, flag, what = ''] = /^Parsing (--[\w-]+) \n\t(.*)$/s.exec(message) ?? [];
  if (flag === undefined) return message;
  const [, wanted, got] = /^Expected (.*) but received: (.*)$/s.exec(what) ?? [];
  if (wanted === undefined) return `${flag}: ${what}`;
  const words = wanted
    .replace('an integer', 'a whole number')
    .replace('greater than or equal to', 'of at least')
    .replace('less than or equal to', 'of at most');
  return `${flag} needs ${words}, not ${got}`;
}

/** oclif's NonExistentFlagsError carries the flags that it did not know. Where nothing is near, there is the help. */
function usageHints(error: Error & {flags?: unknown}, typed: Typed): string[] {
  const unknown = Array.isArray(error.flags) ? error.flags.map(String) : [];
  const hints = unknown.flatMap((flag) => {
    const near = didYouMean(flag.replace(/^-+|=.*$/gs, ''), typed.flags);
    const meant = flagMeantBy(flag, typed) ?? (near === undefined ? undefined : `Did you mean --${near}?`);
    return meant === undefined ? [] : [meant];
  });
  return hints.length > 0 || typed.id === 'help'
    ? hints
    : [`${commandLine(typed.id, ['--help'])}   shows arguments and flags`];
}

/** The report as text: what happened, its code, and what to do. */
function formatReport({code, message, suggestions, stack}: ErrorReport, paint: Style): string {
  return [
    `${paint('red', 'Error')} ${paint('dim', code)}: ${indented(message)}`,
    ...(stack === undefined ? [] : [paint('dim', stack.split('\n').slice(1).join('\n'))]),
    ...suggestions.map((suggestion) => `  ${paint('cyan', '->')} ${indented(suggestion)}`),
  ].join('\n');
}
