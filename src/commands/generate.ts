import {Args, Flags} from '@oclif/core';
import {BaseCommand} from '../cli/command/base-command.js';
import {classesWanted, classFlag, classTitle} from '../cli/flags/class-flag.js';
import {runHelp} from '../cli/run/run-help.js';
import {freePath, runStem} from '../cli/files/free-path.js';
import {runFlags} from '../cli/flags/run-flags.js';
import {parseSeeds, parseTruncation} from '../cli/flags/seeds.js';
import {runOptions, withRun} from '../cli/run/use-run.js';
import {assertPicture} from '../cli/flags/picture-file.js';
import {GanError} from '../errors.js';
import type {ClassChoice} from '../gan/class-choice.js';
import {sidesOf} from '../options/image-size.js';

/** Images along a direction. */
const imagesInRow = 7;

const directionNames = (count: number): string[] =>
  Array.from({length: count * imagesInRow}, (_, i) => {
    const [direction, place] = [Math.floor(i / imagesInRow) + 1, (i % imagesInRow) + 1];
    return `direction-${String(direction).padStart(String(count).length, '0')}-${place}`;
  });

/**
 * Names of single images by class; the place of the class is in them where its title is that of another, too, as file
 * systems see it that do not tell upper from lower case.
 */
function namesByClass(wanted: readonly ClassChoice[], names: readonly string[]): string[] {
  const titles = wanted.map(classTitle);
  const areOwn = new Set(titles.map((title) => title.toLowerCase())).size === titles.length;
  const own = areOwn ? titles : titles.map((title, i) => `${i + 1}-${title}`);
  return own.flatMap((title) => names.map((name) => `${title}-${name}`));
}

const numbered = (n: number): string[] =>
  Array.from({length: n}, (_, i) => String(i + 1).padStart(String(n).length, '0'));

export default class Generate extends BaseCommand {
  static override makesThings = true;
  static override summary = 'Generate images from a trained run.';
  static override description =
    'Uses the generator of a checkpoint in the run folder, by default the newest. The same seed gives the same images. The images have the channels of the training: grey, grey with alpha, RGB, or RGB with alpha.';
  static override examples = [
    {description: 'A grid of 16 images of the newest run', command: '<%= config.bin %> generate latest'},
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
    {
      description: 'A grid of a conditional run: a row of 8 images of each class',
      command: '<%= config.bin %> generate runs/light-photos-1 --class all --n 8',
    },
    {
      description: 'What the ten strongest directions of the latent space change: a row of images each',
      command: '<%= config.bin %> generate runs/wgan-shapes-1 --directions 10 --seed 7 --out directions.png',
    },
  ];
  static override args = {
    run: Args.string({description: runHelp, required: true}),
  };
  static override flags = {
    n: Flags.integer({char: 'n', description: 'how many images; with --class, of each', default: 16, min: 1}),
    seed: Flags.integer({description: 'seed of the latents', default: 0, min: 0}),
    seeds: Flags.string({
      description: 'instead of --n and --seed: the first image of each of these seeds',
      helpValue: '1,5,9',
      exclusive: ['n', 'seed', 'directions'],
    }),
    directions: Flags.integer({
      description:
        'instead of --n and --seeds: the first image of --seed, moved along each of so many directions that change the images most (principal directions of the first layer, SeFa), a row of 7 each from -4 to 4 standard deviations',
      min: 1,
      max: 1000,
      exclusive: ['n', 'seeds'],
    }),
    class: classFlag,
    truncation: Flags.string({
      description: 'draw values of the latents again that are further from 0 than this',
      helpValue: 'X',
    }),
    out: Flags.string({
      char: 'o',
      description:
        'write one grid to this file: .png, .jpg or .webp; or all images as an array of numpy, float32 from 0 to 1: .npy (default: RUN.png, or the next name that is free)',
      helpValue: 'FILE.png',
      exclusive: ['out-dir'],
    }),
    'out-dir': Flags.string({description: 'write single images to this folder', helpValue: 'DIR'}),
    depth: Flags.string({description: 'bits of a colour channel in PNG files', options: ['8', '16'], default: '8'}),
    ...runFlags,
  };

  async run(): Promise<void> {
    const {args, flags} = await this.parse(Generate);
    const {n, seed, out, directions, 'out-dir': outDir} = flags;
    const deep = flags.depth === '16';
    const {assertDeepName, deepImages, deepParts, isNpyName, writeNpy} = await import('../cli/pictures/deep-images.js');
    if (out !== undefined && !isNpyName(out)) await assertPicture(out);
    if (out !== undefined && deep && !isNpyName(out)) assertDeepName(out);
    const floats = deep || isNpyName(out);
    const use = {...runOptions(await this.openRegistry(), this.configSources, flags), floats};
    const seeds = flags.seeds === undefined ? undefined : parseSeeds(flags.seeds);
    const truncation = flags.truncation === undefined ? {} : {truncation: parseTruncation(flags.truncation)};
    const dir = await this.runNamed(args.run);
    const [{writeEach, writeImages}, {assertGridFits}] = [
      await import('../cli/pictures/write-images.js'),
      await import('../gan/data/grid.js'),
    ];
    const files = await withRun(dir, use, async (run) => {
      const wanted = flags.class && (await classesWanted(flags.class, await run.classes()));
      if (directions !== undefined && wanted && wanted.length > 1)
        throw new GanError('usage', 'GAN_USAGE', `--directions are those of one class, not of ${wanted.length}`, {
          suggestions: ['give one --class, and call it again for the next'],
        });
      const ofEach = seeds?.length ?? n;
      const request = {...(seeds ? {seeds} : {n, seed}), ...(wanted && {classes: wanted}), ...truncation};
      if (outDir !== undefined && directions === undefined) {
        const names = seeds?.map((each) => `seed-${each}`);
        const count = ofEach * (wanted?.length ?? 1);
        const all = wanted ? namesByClass(wanted, names ?? numbered(n)) : names;
        const parts = run.generateParts(request);
        return writeEach(deep ? deepParts(parts) : parts, {dir: outDir, count, ...(all && {names: all})});
      }
      const grid = out ?? freePath(runStem(dir), '.png');
      const columns =
        directions !== undefined ? {columns: imagesInRow} : wanted && wanted.length > 1 ? {columns: ofEach} : {};
      if (outDir === undefined && !isNpyName(out))
        assertGridFits(grid, directions === undefined ? ofEach * (wanted?.length ?? 1) : directions * imagesInRow, {
          side: sidesOf(run.config.size),
          ...columns,
        });
      const images =
        directions === undefined
          ? await run.generate(request)
          : await run.alongDirections({
              count: directions,
              images: imagesInRow,
              from: seed,
              ...(wanted && {class: wanted[0]!}),
              ...truncation,
            });
      if (isNpyName(out)) {
        await writeNpy(out, images);
        return [out];
      }
      return writeImages(
        deep ? deepImages(images) : images,
        outDir === undefined
          ? {grid, ...columns}
          : {dir: outDir, names: directionNames(images.shape[0]! / imagesInRow)},
      );
    });
    this.json({files});
    this.result(outDir === undefined ? files[0]! : `${files.length} images in ${outDir}`);
  }
}
