import {Args, Flags} from '@oclif/core';
import {BaseCommand} from '../cli/command/base-command.js';
import {runHelp} from '../cli/run/run-help.js';
import {freePath, runStem} from '../cli/files/free-path.js';
import {runFlags} from '../cli/flags/run-flags.js';
import {partOptions} from '../cli/flags/part-options.js';
import {flagOf} from '../options/config-keys.js';
import {runOptions, withRun} from '../cli/run/use-run.js';

export default class Export extends BaseCommand {
  static override makesThings = true;
  static override summary = 'Export a trained run to files that other programs can read.';
  static override description =
    'Uses the newest checkpoint, or the one that --checkpoint chooses. When a format cannot hold a layer, the error names the layer and nothing is written. Formats of plug-ins are listed below too. docs/exports.md describes the files and the layers that each format supports.';
  static override examples = [
    {
      description: 'For PyTorch and fastai',
      command: '<%= config.bin %> export runs/wgan-shapes-1',
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
    {
      description: 'The same as one file that opens from disk',
      command:
        '<%= config.bin %> export runs/wgan-shapes-1 --format web --single-file --title Shapes --out shapes.html',
    },
    {
      description: 'A folder for the Hugging Face hub, with a model card; gan push sends it',
      command: '<%= config.bin %> export runs/wgan-shapes-1 --format hub --license cc-by-4.0 --out shapes',
    },
  ];
  static override args = {
    run: Args.string({description: runHelp, required: true}),
  };
  static override flags = {
    format: Flags.string({
      description: 'name of the format; gan help exporters lists them',
      default: 'safetensors',
      helpValue: 'NAME',
    }),
    out: Flags.string({
      char: 'o',
      description:
        'file to write, or folder for formats with several files (default: RUN and the ending of the format, or the next name that is free)',
      helpValue: 'PATH',
    }),
    network: Flags.string({
      description: 'generator, critic or both, for formats that hold one network; the same as --set network=NAME',
      helpValue: 'NAME',
    }),
    'single-file': Flags.boolean({
      description: 'web: write one HTML file, which opens from disk; the same as --set singleFile=true',
    }),
    title: Flags.string({
      description: 'title of the model card and of the page; the same as --set title=TEXT',
      helpValue: 'TEXT',
    }),
    dtype: Flags.option({
      options: ['float32', 'float16'] as const,
      description:
        'type of the weights: float16 halves the size, and the pictures hardly differ (default: float32); the same as --set dtype=TYPE',
    })(),
    license: Flags.string({
      description:
        'licence in the model card, as Hugging Face or SPDX call it: mit, cc-by-4.0, other (default: unknown); the same as --set license=NAME',
      helpValue: 'NAME',
    }),
    set: Flags.string({
      description: 'an option of the format; may be repeated',
      helpValue: 'KEY=VALUE',
      multiple: true,
      multipleNonGreedy: true,
    }),
    ...runFlags,
    backend: Flags.string({
      description: 'name of the backend, for formats that run the networks (default: auto)',
      helpValue: 'NAME',
    }),
  };

  async run(): Promise<void> {
    const {args, flags} = await this.parse(Export);
    const registry = await this.openRegistry();
    const use = runOptions(registry, this.configSources, flags);
    const options = partOptions(flags.set ?? [], 'format');
    const {network, 'single-file': singleFile, title, dtype, license} = flags;
    for (const [option, value] of Object.entries({network, singleFile, title, dtype, license}))
      if (value !== undefined) options.set(option, {value, origin: `--${flagOf(option)}`, blame: 'usage'});
    const exporter = await registry.create('exporter', flags.format, options, '--format');
    const dir = await this.runNamed(args.run);
    const {extension} = exporter;
    const out =
      flags.out ?? freePath(extension === undefined ? `${runStem(dir)}-${flags.format}` : runStem(dir), extension);
    const files = await withRun(dir, use, (run) => run.export(exporter, out));
    this.json({format: flags.format, files});
    for (const each of files) this.result(each);
  }
}
