import path from 'node:path';
import {Flags} from '@oclif/core';
import {GanError} from '../../errors.js';

const formats = ['.gif', '.mp4'];

/** The flags for the output of an animation. */
export const animationFlags = {
  out: Flags.string({
    description: 'animation to write; may be repeated',
    helpValue: 'FILE.gif|FILE.mp4',
    multiple: true,
    multipleNonGreedy: true,
  }),
  'out-dir': Flags.string({description: 'write the frames as PNG files to this folder', helpValue: 'DIR'}),
};

/** Checks the flags before any frame is made. @throws GanError GAN_USAGE, GAN_FFMPEG */
export async function assertAnimations(out: readonly string[], outDir: string | undefined): Promise<void> {
  const suggestions = [
    '--out FILE.gif   an animated GIF',
    '--out FILE.mp4   a video, with ffmpeg',
    '--out-dir DIR    the frames as PNG files',
  ];
  if (out.length === 0 && outDir === undefined)
    throw new GanError('usage', 'GAN_USAGE', 'No output is given: say where the animation should go.', {suggestions});
  const unknown = out.find((file) => !formats.includes(path.extname(file).toLowerCase()));
  if (unknown !== undefined)
    throw new GanError('usage', 'GAN_USAGE', `--out ${unknown}: the name must end in ${formats.join(' or ')}.`, {
      suggestions,
    });
  if (out.some((file) => path.extname(file).toLowerCase() === '.mp4'))
    (await import('../pictures/video.js')).assertFfmpeg();
}
