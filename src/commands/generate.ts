import {Args, Flags} from '@oclif/core';
import {BaseCommand} from '../cli/base-command.js';
import {assignmentsOf} from '../cli/config-flags.js';
import {deviceFlag, deviceOf} from '../cli/device-flag.js';
import {runConfigFile} from '../cli/run-folder.js';
import {GanError} from '../errors.js';

export default class Generate extends BaseCommand {
  static override summary = 'Draw images from a trained run.';
  static override description = 'Uses the generator of the last checkpoint of a run folder. The same seed gives the same images.';
  static override examples = [
    {description: 'A grid of 16 images', command: '<%= config.bin %> generate runs/wgan-shapes-1 --out images.png'},
    {description: '100 single images', command: '<%= config.bin %> generate runs/wgan-shapes-1 --n 100 --seed 7 --out-dir images'},
  ];
  static override args = {
    run: Args.string({description: 'run folder', required: true}),
  };
  static override flags = {
    n: Flags.integer({description: 'how many images', default: 16, min: 1}),
    seed: Flags.integer({description: 'seed of the latents', default: 0, min: 0}),
    out: Flags.string({description: 'write one grid to this PNG file', helpValue: 'FILE.png', exclusive: ['out-dir']}),
    'out-dir': Flags.string({description: 'write single images to this folder', helpValue: 'DIR'}),
    backend: Flags.string({description: 'backend by name (default: auto)', helpValue: 'NAME'}),
    device: deviceFlag,
  };

  async run(): Promise<void> {
    const {args, flags} = await this.parse(Generate);
    const {n, seed, out, 'out-dir': outDir} = flags;
    if (out === undefined && outDir === undefined) {
      throw new GanError('usage', 'GAN_USAGE', 'Where should the images go?', {suggestions: ['--out FILE.png   one grid', '--out-dir DIR    single images']});
    }
    const file = runConfigFile(args.run);
    const registry = await this.openRegistry();
    const {resolveConfig} = await import('../config/resolve.js');
    const {config, backend} = await resolveConfig({registry, ...this.surroundings, flags: assignmentsOf({backend: flags.backend}), file, ofRun: true, withoutData: true});
    const [{selectBackend}, {createParts, givenOptions}, {generateImages}, {writeImages}] = await Promise.all([
      import('../backends/select.js'), import('../config/parts.js'), import('../gan/runs/generate.js'), import('../cli/write-images.js'),
    ]);
    const {device} = await selectBackend(registry, backend.name, givenOptions(backend.options), deviceOf(flags));
    try {
      const {images} = await generateImages(args.run, {n, seed, device, parts: await createParts(registry, config)});
      const files = await writeImages(images, out === undefined ? {dir: outDir ?? '.'} : {grid: out});
      this.json({files});
      this.result(out ?? `${files.length} images in ${outDir}`);
    } finally {
      await device.close();
    }
  }
}
