import {forgetPlugins, loadedPlugins} from '../../plugin/culprit.js';
import {reallyExit, toTheEnd} from './ending.js';
import {isExit, reportError} from './error-report.js';
import {divertPlugins, flushOutput, guardOutput} from './output.js';
import {nameUnknownUser} from './unknown-user.js';
import {versionText} from './version.js';

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
      await run(argv, root);
      await flushOutput();
    });
    // plug-ins may have left timers and connections
    if (loadedPlugins().length > 0) end = Number(process.exitCode ?? 0);
  } catch (error) {
    end = isExit(error) ? error.oclif.exit : reportError(error, {json: asksForJson(argv)});
    await flushOutput();
  } finally {
    takeBack();
  }
  if (end !== undefined) process.exit(end); // what was begun may go on for ever
}

/** `--version` is told without oclif, whose loading takes longer than the rest. */
async function run(argv: string[], root: string): Promise<void> {
  const version = ['--version', '-v'].includes(argv[0] ?? '') ? versionText(root) : undefined;
  if (version !== undefined) {
    process.stdout.write(`${version}\n`);
    return;
  }
  nameUnknownUser();
  const [oclif, {loadConfig}] = await Promise.all([import('@oclif/core'), import('../config/load-config.js')]);
  await oclif.run(argv, await loadConfig(root));
}

function asksForJson(argv: readonly string[]): boolean {
  const end = argv.indexOf('--');
  return (end === -1 ? argv : argv.slice(0, end)).includes('--json');
}
