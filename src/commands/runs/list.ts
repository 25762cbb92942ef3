import {existsSync} from 'node:fs';
import {Args} from '@oclif/core';
import {BaseCommand} from '../../cli/command/base-command.js';
import {runsTable} from '../../cli/run/runs-report.js';

export default class RunsList extends BaseCommand {
  static override summary = 'List runs with their data, progress and losses.';
  static override description = 'The newest run comes first. Losses are the smoothed losses of the last step.';
  static override examples = [
    {description: 'The runs in runs/', command: '<%= config.bin %> runs list'},
    {description: 'The runs in another folder, as JSON', command: '<%= config.bin %> runs list experiments --json'},
  ];
  static override args = {
    dir: Args.string({description: 'folder of run folders (default: runs)'}),
  };

  async run(): Promise<void> {
    const {args} = await this.parse(RunsList);
    const {noFolderOfRuns, runsFolder} = await import('../../runs/find-run.js');
    const dir = args.dir ?? runsFolder;
    if (args.dir !== undefined && !existsSync(dir)) throw noFolderOfRuns(dir);
    const {findRuns, summariseRuns} = await import('../../runs/run-summary.js');
    const warn = (message: string): void => this.warning(message);
    const {runs, refused} = await summariseRuns(await findRuns(dir), {thorough: false, warn});
    for (const {dir: run, why} of refused) this.warning(why.includes(run) ? why : `${run}: ${why}`);
    for (const run of runs) this.json(run);
    if (runs.length > 0) for (const line of runsTable(runs)) this.result(line);
    else this.talk(`There are no runs in ${dir}. Make one with: gan fit`);
  }
}
