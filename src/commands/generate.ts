import {Args, Flags} from '@oclif/core';
import {BaseCommand} from '../cli/command/base-command.js';
import {runFlags} from '../cli/flags/run-flags.js';
import {parseSeeds, parseTruncation} from '../cli/flags/seeds.js';
import {runOptions, withRun} from '../cli/run/use-run.js';
import {GanError} from '../errors.js';

export default class Generate extends BaseCommand {
  static override makesThings = true;
  static override summary = 'Generate images from a trained run.';
  static override description =
    'Uses the generator of a checkpoint in the run folder, by default the newest. The same seed gives the same images. The images have the channels of the training: grey, grey with alpha, RGB, or RGB with alpha.';
  static override examples = [
    {description: 'A grid of 16 images', command: '<%= config.bin %> generate runs/wgan-shapes-1 --out images.png'},
    {
      description: '100 single images',
      command: '<%= config.bin %> generate runs/wgan-shapes-1 --n 100 --seed 7 --out-dir images',
    },
    {
      description: 'One image of each of three seeds',
      command: '<%= config.bin %> generate runs/wgan-shapes-1 --seeds 1,5,9 --out-dir images',
    },
    {
      description: 'More typical, less varied images',
      command: '<%= config.bin %> generate runs/wgan-shapes-1 --truncation 0.7 --out images.png',
    },
  ];
  static override args = {
    run: Args.string({description: 'run folder', required: true}),
  };
  static override flags = {
    n: Flags.integer({description: 'how many images', default: 16, min: 1}),
    seed: Flags.integer({description: 'seed of the latents', default: 0, min: 0}),
    seeds: Flags.string({
      description: 'instead of --n and --seed: the first image of each of these seeds',
      helpValue: '1,5,9',
      exclusive: ['n', 'seed'],
    }),
    truncation: Flags.string({
      description: 'draw values of the latents again that are further from 0 than this',
      helpValue: 'X',
    }),
    out: Flags.string({description: 'write one grid to this PNG file', helpValue: 'FILE.png', exclusive: ['out-dir']}),
    'out-dir': Flags.string({description: 'write single images to this folder', helpValue: 'DIR'}),
    ...runFlags,
  };

  async run(): Promise<void> {
    const {args, flags} = await this.parse(Generate);
    const {n, seed, out, 'out-dir': outDir} = flags;
    if (out === undefined && outDir === undefined) {
      throw new GanError('usage', 'GAN_USAGE', 'No output is given: say where the images should go.', {
        suggestions: ['--out FILE.png   one grid', '--out-dir DIR    single images'],
      });
    }
    const use = runOptions(await this.openRegistry(), this.configSources, flags);
    const seeds = flags.seeds === undefined ? undefined : parseSeeds(flags.seeds);
    const request = {
      ...(seeds ? {seeds} : {n, seed}),
      ...(flags.truncation !== undefined && {truncation: parseTruncation(flags.truncation)}),
    };
    const images = await withRun(args.run, use, (run) => run.generate(request));
    const {writeImages} = await import('../cli/pictures/write-images.js');
    const files = await writeImages(
      images,
      out === undefined
        ? {dir: outDir ?? '.', ...(seeds && {names: seeds.map((each) => `seed-${each}`)})}
        : {grid: out},
    );
    this.json({files});
    this.result(out ?? `${files.length} images in ${outDir}`);
  }
}
