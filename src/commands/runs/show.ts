import {Args} from '@oclif/core';
import {BaseCommand} from '../../cli/command/base-command.js';
import {runHelp} from '../../cli/run/run-help.js';
import {evaluationsLines} from '../../cli/run/evaluation-report.js';
import {runLines} from '../../cli/run/runs-report.js';

export default class RunsShow extends BaseCommand {
  static override summary = 'Show a run: its progress, results and settings, and where each setting comes from.';
  static override examples = [
    {description: 'Everything about a run', command: '<%= config.bin %> runs show runs/wgan-shapes-1'},
  ];
  static override args = {
    run: Args.string({description: runHelp, required: true}),
  };

  async run(): Promise<void> {
    const {args} = await this.parse(RunsShow);
    const [{summariseRun}, {RunFolder}] = await Promise.all([
      import('../../runs/run-summary.js'),
      import('../../runs/run-folder.js'),
    ]);
    const warn = (message: string): void => this.warning(message);
    const dir = await this.runNamed(args.run);
    const folder = new RunFolder(dir, {warn});
    const [run, origins, evaluations] = await Promise.all([
      summariseRun(dir, {warn}),
      folder.readOrigins(),
      folder.evaluations(),
    ]);
    this.json({...run, origins, evaluations});
    for (const line of [...runLines(run, origins), ...evaluationsLines(evaluations)]) this.result(line);
  }
}
