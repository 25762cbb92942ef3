import {Args, Flags} from '@oclif/core';
import path from 'node:path';
import {BaseCommand} from '../cli/command/base-command.js';
import {runHelp} from '../cli/run/run-help.js';

export default class Report extends BaseCommand {
  static override makesThings = true;
  static override summary = 'Write a run as one HTML page.';
  static override description =
    'The page shows the curves of both losses and of the metrics, sample grids over time, the configuration with the origin of each value, and the machine it ran on. It is one file and needs no network. The command also works while the run is still going.';
  static override examples = [
    {description: 'To runs/wgan-shapes-1/report.html', command: '<%= config.bin %> report runs/wgan-shapes-1'},
    {description: 'To another place', command: '<%= config.bin %> report runs/wgan-shapes-1 --out wgan.html'},
  ];
  static override args = {
    run: Args.string({description: runHelp, required: true}),
  };
  static override flags = {
    out: Flags.string({
      char: 'o',
      description: 'file to write (default: report.html in the run folder)',
      helpValue: 'FILE.html',
    }),
  };

  async run(): Promise<void> {
    const {args, flags} = await this.parse(Report);
    const {writeReport} = await import('../cli/report/page.js');
    const dir = await this.runNamed(args.run);
    const file = flags.out ?? path.join(dir, 'report.html');
    await writeReport(dir, file, {warn: (message) => this.warning(message)});
    this.json({file});
    this.result(file);
  }
}
