import {Args, Flags} from '@oclif/core';
import {BaseCommand} from '../cli/command/base-command.js';
import {freePath} from '../cli/files/free-path.js';
import {assignmentsOf, configFlags} from '../cli/flags/config-flags.js';
import {deviceFlag, deviceOf} from '../cli/flags/device-flag.js';

const shared = configFlags();
const pick = (...names: string[]) => Object.fromEntries(names.map((name) => [name, shared[name]!]));

export default class Classify extends BaseCommand {
  static override makesThings = true;
  static override summary = 'Train a classifier on labelled images, for gan evaluate --features.';
  static override description =
    'DATA is a folder or an archive with a folder of images for each class, or data with labels. The classifier is a small convolutional network. Its features serve the metrics that compare features; its classes serve the metric modes. A part of the images is held out to report the accuracy.';
  static override examples = [
    {
      description: 'Folders animals/cats, animals/dogs, ...',
      command: '<%= config.bin %> classify animals --size 64 --out animals.safetensors',
    },
    {
      description: 'Measure a run with it',
      command: '<%= config.bin %> evaluate runs/gan-animals-1 --features animals.safetensors',
    },
  ];
  static override args = {
    data: Args.string({description: 'folder with a folder for each class, or builtin:NAME', required: true}),
  };
  static override flags = {
    out: Flags.string({
      char: 'o',
      description:
        'safetensors file to write; the names of the classes go to a JSON file beside it (default: DATA-classifier.safetensors, or the next name that is free)',
      helpValue: 'FILE',
    }),
    epochs: Flags.integer({char: 'e', description: 'passes over the images', default: 5, min: 1}),
    set: Flags.string({
      description: 'a configuration key, such as source.count; may be repeated',
      helpValue: 'KEY=VALUE',
      multiple: true,
      multipleNonGreedy: true,
    }),
    ...pick('size', 'channels', 'resize', 'batch-size', 'valid-pct', 'seed', 'backend', 'threads'),
    device: deviceFlag,
  };

  async run(): Promise<void> {
    const {args, flags} = await this.parse(Classify);
    const {epochs, set = [], ...others} = flags;
    const registry = await this.openRegistry();
    const {resolveConfig} = await import('../config/resolve.js');
    const chosen = assignmentsOf(others).set('data', {value: args.data, origin: 'DATA', blame: 'usage'});
    const {config, backend} = await resolveConfig({registry, ...this.configSources, flags: chosen, set});
    const {classify} = await import('../runs/classify.js');
    const {dataName} = await import('../config/data.js');
    const deviceName = deviceOf(flags);
    const out = flags.out ?? freePath(`${dataName(config.data)}-classifier`, '.safetensors');
    const result = await classify(config, out, {
      registry,
      epochs,
      backend,
      ...(deviceName && {deviceName}),
      notify: ({epoch, epochs: all, loss}) => this.talk(`epoch ${epoch} of ${all}: loss ${loss.toFixed(4)}`),
      warn: (message) => this.warning(message),
    });
    const {accuracy, classes, images, validImages, file} = result;
    this.json(result);
    this.result(
      `${file}: ${classes.length} classes, learned from ${images} images; ${(100 * accuracy).toFixed(1)} % of ${validImages} others classified rightly`,
    );
  }
}
