import {Args, Flags} from '@oclif/core';
import {BaseCommand} from '../cli/command/base-command.js';
import {checkpointFlag} from '../cli/flags/checkpoint-flag.js';
import {deviceFlag} from '../cli/flags/device-flag.js';
import {partOptions} from '../cli/flags/part-options.js';
import {runOptions, withRun} from '../cli/run/use-run.js';

export default class Export extends BaseCommand {
  static override summary = 'Write a trained run to files that other programs read.';
  static override description =
    'Takes the newest checkpoint, or that of --checkpoint. What a format cannot have is named, and nothing is written then. Plug-ins can bring formats: they are listed below. docs/exports.md has what is in the files and which layers each format can hold.';
  static override examples = [
    {
      description: 'For PyTorch and fastai',
      command: '<%= config.bin %> export runs/wgan-shapes-1 --format safetensors --out gan.safetensors',
    },
    {
      description: 'Both networks for onnxruntime',
      command: '<%= config.bin %> export runs/wgan-shapes-1 --format onnx --network both --out models',
    },
    {
      description: 'For tf.loadGraphModel',
      command: '<%= config.bin %> export runs/wgan-shapes-1 --format tfjs --out model',
    },
    {
      description: 'A web page that draws pictures',
      command: '<%= config.bin %> export runs/wgan-shapes-1 --format web --out page && npx serve page',
    },
  ];
  static override args = {
    run: Args.string({description: 'run folder', required: true}),
  };
  static override flags = {
    format: Flags.string({description: 'format by name (see below)', default: 'safetensors', helpValue: 'NAME'}),
    out: Flags.string({
      description: 'file, or for formats of several files the folder, to write',
      required: true,
      helpValue: 'PATH',
    }),
    network: Flags.string({
      description: 'generator, critic or both, for formats of single networks; the same as --set network=NAME',
      helpValue: 'NAME',
    }),
    set: Flags.string({
      description: 'an option of the format; may be repeated',
      helpValue: 'KEY=VALUE',
      multiple: true,
      multipleNonGreedy: true,
    }),
    checkpoint: checkpointFlag,
    backend: Flags.string({
      description: 'backend by name, for formats that run the networks (default: auto)',
      helpValue: 'NAME',
    }),
    device: deviceFlag,
  };

  async run(): Promise<void> {
    const {args, flags} = await this.parse(Export);
    const registry = await this.openRegistry();
    const use = runOptions(registry, this.surroundings, flags);
    const options = partOptions(flags.set ?? [], 'format');
    if (flags.network !== undefined)
      options.set('network', {value: flags.network, origin: '--network', blame: 'usage'});
    const files = await withRun(args.run, use, async (run) =>
      run.export(await registry.create('exporter', flags.format, options, '--format'), flags.out),
    );
    this.json({format: flags.format, files});
    for (const each of files) this.result(each);
  }
}
