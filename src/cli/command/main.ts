import {Errors, run} from '@oclif/core';
import {forgetPlugins, loadedPlugins} from '../../plugin/culprit.js';
import {loadConfig} from '../config/load-config.js';
import {reallyExit, toTheEnd} from './ending.js';
import {reportError} from './error-report.js';
import {divertPlugins, flushOutput, guardOutput} from './output.js';

/**
 * The command line: what `bin/run.js` does. Ends by the exit codes of docs/exit-codes.md, whatever happens.
 * @param root the folder of this package
 */
export async function main(argv: string[], root: string): Promise<void> {
  forgetPlugins();
  const takeBack = divertPlugins();
  let end: number | undefined;
  try {
    await toTheEnd(async () => {
      guardOutput((code) => reallyExit(code));
      await run(argv, await loadConfig(root));
      await flushOutput();
    });
    // plug-ins may have left timers and connections
    if (loadedPlugins().length > 0) end = Number(process.exitCode ?? 0);
  } catch (error) {
    end = error instanceof Errors.ExitError ? error.oclif.exit : reportError(error, {json: asksForJson(argv)});
    await flushOutput();
  } finally {
    takeBack();
  }
  if (end !== undefined) process.exit(end); // what was begun may go on for ever
}

function asksForJson(argv: readonly string[]): boolean {
  const end = argv.indexOf('--');
  return (end === -1 ? argv : argv.slice(0, end)).includes('--json');
}
