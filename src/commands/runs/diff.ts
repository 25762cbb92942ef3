import {Args} from '@oclif/core';
import {BaseCommand} from '../../cli/command/base-command.js';
import {runHelp} from '../../cli/run/run-help.js';
import {differences, diffLines} from '../../cli/run/runs-report.js';

export default class RunsDiff extends BaseCommand {
  static override summary = 'Compare two runs: the settings that differ, and the results.';
  static override examples = [
    {
      description: 'What is different in the longer run?',
      command: '<%= config.bin %> runs diff runs/wgan-shapes-1 runs/wgan-shapes-2',
    },
  ];
  static override args = {
    a: Args.string({description: runHelp, required: true}),
    b: Args.string({description: 'another run', required: true}),
  };

  async run(): Promise<void> {
    const {args} = await this.parse(RunsDiff);
    const {summariseRun} = await import('../../runs/run-summary.js');
    const warn = (message: string): void => this.warning(message);
    const dirs = [await this.runNamed(args.a), await this.runNamed(args.b)] as const;
    const [a, b] = await Promise.all([summariseRun(dirs[0], {warn}), summariseRun(dirs[1], {warn})]);
    this.json({settings: differences(a.config, b.config), a, b});
    for (const line of diffLines(a, b)) this.result(line);
  }
}
