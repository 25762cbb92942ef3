import {Args, Flags} from '@oclif/core';
import path from 'node:path';
import {BaseCommand} from '../cli/command/base-command.js';

export default class Report extends BaseCommand {
  static override summary = 'Write a run as one HTML page.';
  static override description =
    'Curves of both losses and of what the epochs measured, sample grids over time, the configuration with where each value came from, and where it ran. The file needs no network and nothing beside it. Also works while the run is under way.';
  static override examples = [
    {description: 'To runs/wgan-shapes-1/report.html', command: '<%= config.bin %> report runs/wgan-shapes-1'},
    {description: 'To another place', command: '<%= config.bin %> report runs/wgan-shapes-1 --out wgan.html'},
  ];
  static override args = {
    run: Args.string({description: 'run folder', required: true}),
  };
  static override flags = {
    out: Flags.string({description: 'file to write (default: report.html in the run folder)', helpValue: 'FILE.html'}),
  };

  async run(): Promise<void> {
    const {args, flags} = await this.parse(Report);
    const {writeReport} = await import('../cli/report/write.js');
    const file = flags.out ?? path.join(args.run, 'report.html');
    await writeReport(args.run, file);
    this.json({file});
    this.result(file);
  }
}
