import {Args, Flags} from '@oclif/core';
import {BaseCommand} from '../cli/command/base-command.js';
import {assertPicture} from '../cli/flags/picture-file.js';
import {freePath} from '../cli/files/free-path.js';
import {assignmentsOf, configFlags} from '../cli/flags/config-flags.js';

const shared = configFlags();
const pick = (...names: string[]) => Object.fromEntries(names.map((name) => [name, shared[name]!]));

export default class ShowBatch extends BaseCommand {
  static override makesThings = true;
  static override summary = 'Draw a batch of training images as the networks see them.';
  static override description = 'Use it before a long training to see what cropping and resizing do to your images.';
  static override examples = [
    {description: 'Your own images', command: '<%= config.bin %> show-batch photos --size 64'},
    {description: 'The built-in images', command: '<%= config.bin %> show-batch builtin:shapes --out batch.png'},
  ];
  static override args = {
    data: Args.string({description: 'folder or archive of images, or builtin:NAME', required: true}),
  };
  static override flags = {
    out: Flags.string({
      char: 'o',
      description: 'file to write: .png, .jpg or .webp (default: DATA-batch.png, or the next name that is free)',
      helpValue: 'FILE.png',
    }),
    n: Flags.integer({char: 'n', description: 'how many images', default: 16, min: 1}),
    ...pick('size', 'channels', 'resize', 'seed'),
  };

  async run(): Promise<void> {
    const {args, flags} = await this.parse(ShowBatch);
    if (flags.out !== undefined) await assertPicture(flags.out);
    const registry = await this.openRegistry();
    const {resolveConfig} = await import('../config/resolve.js');
    const chosen = assignmentsOf(flags).set('data', {value: args.data, origin: 'DATA', blame: 'usage'});
    const {config} = await resolveConfig({registry, ...this.configSources, flags: chosen});
    const [{dataName}, {openData}, {firstBatch}, {writeImages}] = await Promise.all([
      import('../config/data.js'),
      import('../runs/data.js'),
      import('../cli/pictures/first-batch.js'),
      import('../cli/pictures/write-images.js'),
    ]);
    const {dls} = await openData(config, {registry, batchSize: flags.n, dropLast: false});
    if (dls.description !== undefined) this.talk(`Data: ${dls.description}`);
    const {images, skipped} = await firstBatch(dls);
    for (const {path, reason} of skipped) this.warning(`skipped ${path}: ${reason}`);
    const file = flags.out ?? freePath(`${dataName(config.data)}-batch`, '.png');
    await writeImages(images, {grid: file});
    this.json({file, images: images.shape[0], skipped});
    this.result(file);
  }
}
