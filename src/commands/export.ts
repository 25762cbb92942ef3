import {Args, Flags} from '@oclif/core';
import {BaseCommand} from '../cli/base-command.js';
import {runConfigFile} from '../cli/run-folder.js';

export default class Export extends BaseCommand {
  static override summary = 'Write the weights of a run to a file that other programs read.';
  static override description = 'safetensors: names and layouts are those of the same fastai model in PyTorch (its state_dict). `gan fit --init FILE` reads such files, too.';
  static override examples = [
    {description: 'For PyTorch and fastai', command: '<%= config.bin %> export runs/wgan-shapes-1 --format safetensors --out gan.safetensors'},
  ];
  static override args = {
    run: Args.string({description: 'run folder', required: true}),
  };
  static override flags = {
    format: Flags.string({description: 'file format', options: ['safetensors'], default: 'safetensors'}),
    out: Flags.string({description: 'file to write', required: true, helpValue: 'FILE'}),
  };

  async run(): Promise<void> {
    const {args, flags} = await this.parse(Export);
    runConfigFile(args.run);
    const {exportWeights} = await import('../gan/runs/export.js');
    await exportWeights(args.run, flags.out);
    this.json({file: flags.out, format: flags.format});
    this.result(flags.out);
  }
}
