import {lstatSync, readdirSync, rmSync} from 'node:fs';
import path from 'node:path';
import {Args, Flags} from '@oclif/core';
import {BaseCommand} from '../../cli/command/base-command.js';
import {runHelp} from '../../cli/run/run-help.js';
import {confirm} from '../../cli/config/prompts.js';
import {size} from '../../cli/run/runs-report.js';
import {GanError, isGanError} from '../../errors.js';
import {quoted} from '../../system-error.js';
import type {RunLock} from '../../runs/run-lock.js';

export default class RunsRm extends BaseCommand {
  static override makesThings = true;
  static override summary = 'Remove runs, with all their checkpoints and samples.';
  static override description =
    'Asks first, unless --yes is given. A folder that contains other files is not removed, unless --force is given.';
  static override examples = [
    {description: 'One run, after a question', command: '<%= config.bin %> runs rm runs/wgan-shapes-1'},
    {description: 'Two, in a script', command: '<%= config.bin %> runs rm runs/wgan-shapes-1 runs/wgan-shapes-2 --yes'},
  ];
  static override strict = false;
  static override args = {
    run: Args.string({
      name: 'RUN',
      description: `${runHelp}; one or more; with --yes no parts of names`,
      required: true,
    }),
  };
  static override flags = {
    yes: Flags.boolean({char: 'y', description: 'do not ask'}),
    force: Flags.boolean({description: 'also remove files that gan did not write'}),
  };

  async run(): Promise<void> {
    const {argv, flags} = await this.parse(RunsRm);
    const dirs: string[] = [];
    for (const name of argv as string[]) {
      dirs.push(await this.runNamed(name, {parts: !flags.yes})); // it asks by full names
    }
    const [{summariseRun}, {isLockFile, isRunEntry, RunFolder}, {assertNotInUse, lockRun}] = await Promise.all([
      import('../../runs/run-summary.js'),
      import('../../runs/run-folder.js'),
      import('../../runs/run-lock.js'),
    ]);
    for (const dir of dirs) await new RunFolder(dir).configFile();
    for (const dir of dirs) assertNotInUse(dir);
    for (const dir of dirs) if (!flags.force) assertOnlyOurs(dir, isRunEntry);
    const runs = await Promise.all(
      dirs.map((dir) =>
        summariseRun(dir).then(
          ({step, bytes}) => `${dir} (${step} steps, ${size(bytes)})`,
          (error: unknown) => {
            if (isGanError(error)) return `${dir} (${error.message})`; // a damaged run can be removed, too
            throw error;
          },
        ),
      ),
    ); // all are looked at before the first goes
    const question = `Remove ${runs.join(', ')}?`;
    if (!flags.yes && !(await confirm(question, '--yes'))) {
      this.json({removed: []});
      this.talk('Nothing was removed.');
      return;
    }
    for (const dir of dirs) removeRun(dir, await lockRun(dir), isLockFile);
    this.json({removed: dirs});
    for (const dir of dirs) this.result(dir);
  }
}

/** The lock goes last, so that no training begins while files go away. A link goes, and not what it leads to. */
function removeRun(dir: string, lock: RunLock, isLockFile: (name: string) => boolean): void {
  try {
    if (!lstatSync(dir).isSymbolicLink())
      for (const name of readdirSync(dir)) if (!isLockFile(name)) rmSync(path.join(dir, name), {recursive: true});
  } finally {
    lock.release();
  }
  rmSync(dir, {recursive: true});
}

/** A run may have been written into a folder that was there for something else. */
function assertOnlyOurs(dir: string, isOurs: (name: string) => boolean): void {
  const others = readdirSync(dir).filter((name) => !isOurs(name));
  if (others.length > 0) {
    throw new GanError(
      'usage',
      'GAN_NOT_OURS',
      `${dir} contains files that gan did not write: ${others.slice(0, 5).join(', ')}.`,
      {
        suggestions: [
          `gan runs rm ${quoted(dir)} --force   removes it anyway`,
          `Or keep it, and remove ${path.join(dir, 'checkpoints')} by hand.`,
        ],
      },
    );
  }
}
