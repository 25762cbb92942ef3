import {Args, Flags} from '@oclif/core';
import {animationFlags, animationsOf, assertAnimations} from '../cli/flags/animation-flags.js';
import {BaseCommand} from '../cli/command/base-command.js';
import {runStem} from '../cli/files/free-path.js';
import {runHelp} from '../cli/run/run-help.js';

export default class Timelapse extends BaseCommand {
  static override makesThings = true;
  static override summary = 'Animate the sample grids of a run.';
  static override description =
    'Shows how the images from the same latents changed during the training. The command also works while the run is still going. MP4 needs ffmpeg.';
  static override examples = [
    {description: 'An animated GIF', command: '<%= config.bin %> timelapse runs/wgan-shapes-1 --out training.gif'},
    {
      description: 'A video of up to 600 grids',
      command: '<%= config.bin %> timelapse runs/wgan-shapes-1 --frames 600 --fps 30 --side 1080 --out training.mp4',
    },
  ];
  static override args = {
    run: Args.string({description: runHelp, required: true}),
  };
  static override flags = {
    frames: Flags.integer({
      description:
        'maximum number of frames; from more grids, evenly spread ones are used, including the first and the last',
      default: 100,
      min: 2,
      max: 10_000,
    }),
    fps: Flags.integer({description: 'frames per second', default: 10, min: 1, max: 50}),
    hold: Flags.integer({description: 'how long the last frame stays, in seconds', default: 2, min: 0, max: 600}),
    loop: Flags.boolean({description: 'repeat forever', default: true, allowNo: true}),
    side: Flags.integer({
      description: 'maximum size of the longer side of a frame, in pixels',
      default: 640,
      min: 16,
      max: 8192,
    }),
    ...animationFlags,
  };

  async run(): Promise<void> {
    const {args, flags} = await this.parse(Timelapse);
    const {out: given = [], 'out-dir': outDir, fps, hold, loop} = flags;
    await assertAnimations(given);
    const dir = await this.runNamed(args.run);
    const [{sampleFrames}, {writeAnimations}] = await Promise.all([
      import('../cli/pictures/timelapse.js'),
      import('../cli/pictures/write-animations.js'),
    ]);
    const images = await sampleFrames(dir, {...flags, warn: (message) => this.warning(message)});
    const out = animationsOf(given, outDir, `${runStem(dir)}-timelapse`);
    const files = await writeAnimations(images, {animations: out, frames: outDir, fps, hold, loop});
    this.json({files, frames: images.shape[0]});
    for (const file of out) this.result(file);
    if (outDir !== undefined) this.result(`${images.shape[0]} frames in ${outDir}`);
  }
}
