import {Args, Flags} from '@oclif/core';
import {animationFlags, animationsOf, assertAnimations} from '../cli/flags/animation-flags.js';
import {BaseCommand} from '../cli/command/base-command.js';
import {runStem} from '../cli/files/free-path.js';
import {classesWanted, classFlag} from '../cli/flags/class-flag.js';
import {runHelp} from '../cli/run/run-help.js';
import {runFlags} from '../cli/flags/run-flags.js';
import {parseSeeds, parseTruncation} from '../cli/flags/seeds.js';
import {runOptions, withRun} from '../cli/run/use-run.js';

export default class Interpolate extends BaseCommand {
  static override makesThings = true;
  static override summary = 'Animate the path between images of a trained run.';
  static override description =
    'Moves from the latent of one seed to the latent of the next along a great circle (slerp), and draws the images on the way with the generator of a checkpoint, by default the newest. In a conditional run the way leads from class to class, too. MP4 needs ffmpeg.';
  static override examples = [
    {
      description: 'An animated GIF in a loop',
      command: '<%= config.bin %> interpolate runs/wgan-shapes-1 --seeds 1,5,9 --out walk.gif',
    },
    {
      description: 'A video, four times as large',
      command: '<%= config.bin %> interpolate runs/wgan-shapes-1 --frames 48 --scale 4 --out walk.mp4',
    },
    {
      description: 'From class to class of a conditional run, and nothing else changes',
      command: '<%= config.bin %> interpolate runs/light-photos-1 --seeds 5 --class cat,dog,bird --out walk.gif',
    },
    {
      description: 'Frames as PNG files, from one seed to another',
      command: '<%= config.bin %> interpolate runs/wgan-shapes-1 --seeds 1,2 --no-loop --out-dir frames',
    },
  ];
  static override args = {
    run: Args.string({description: runHelp, required: true}),
  };
  static override flags = {
    seeds: Flags.string({
      description: 'seeds on the path: two or more; one is enough with several of --class',
      default: '0,1,2,3',
      helpValue: '1,5,9',
    }),
    frames: Flags.integer({description: 'frames between one seed and the next', default: 20, min: 1, max: 10_000}),
    fps: Flags.integer({description: 'frames per second', default: 20, min: 1, max: 50}),
    loop: Flags.boolean({description: 'return to the first seed and repeat forever', default: true, allowNo: true}),
    class: classFlag,
    truncation: Flags.string({
      description: 'draw values of the latents again that are further from 0 than this',
      helpValue: 'X',
    }),
    scale: Flags.integer({
      description: 'enlarge each pixel of an image this many times',
      default: 1,
      min: 1,
      max: 32,
    }),
    ...animationFlags,
    ...runFlags,
  };

  async run(): Promise<void> {
    const {args, flags} = await this.parse(Interpolate);
    const {out: given = [], 'out-dir': outDir, frames, loop, scale} = flags;
    const use = runOptions(await this.openRegistry(), this.configSources, flags);
    const seeds = parseSeeds(flags.seeds, flags.class ? 1 : 2);
    const truncation = flags.truncation === undefined ? {} : {truncation: parseTruncation(flags.truncation)};
    await assertAnimations(given);
    const dir = await this.runNamed(args.run);
    const way = await withRun(dir, use, async (run) => {
      const classes = flags.class && (await classesWanted(flags.class, await run.classes()));
      if (Math.max(seeds.length, classes?.length ?? 0) < 2) parseSeeds(flags.seeds, 2); // there is no way to go
      return run.interpolate({seeds, frames, loop, ...(classes && {classes}), ...truncation});
    });
    const [{enlarge}, {writeAnimations}] = await Promise.all([
      import('../gan/data/gif.js'),
      import('../cli/pictures/write-animations.js'),
    ]);
    const images = enlarge(way, scale);
    const out = animationsOf(given, outDir, `${runStem(dir)}-walk`);
    const files = await writeAnimations(images, {animations: out, frames: outDir, fps: flags.fps, loop});
    this.json({files, frames: images.shape[0]});
    for (const file of out) this.result(file);
    if (outDir !== undefined) this.result(`${images.shape[0]} frames in ${outDir}`);
  }
}
