import path from 'node:path';
import {Flags} from '@oclif/core';
import {GanError} from '../../errors.js';
import {freePath} from '../files/free-path.js';

const formats = ['.gif', '.mp4'];

/** The flags for the output of an animation. */
export const animationFlags = {
  out: Flags.string({
    char: 'o',
    description:
      'animation to write; may be repeated (default: a GIF named after the run, with the next number that is free)',
    helpValue: 'FILE.gif|FILE.mp4',
    multiple: true,
    multipleNonGreedy: true,
  }),
  'out-dir': Flags.string({description: 'write the frames as PNG files to this folder', helpValue: 'DIR'}),
};

/** Checks the flags before any frame is made. @throws GanError GAN_USAGE, GAN_FFMPEG */
export async function assertAnimations(out: readonly string[]): Promise<void> {
  const suggestions = [
    '--out FILE.gif   an animated GIF',
    '--out FILE.mp4   a video, with ffmpeg',
    '--out-dir DIR    the frames as PNG files',
  ];
  const unknown = out.find((file) => !formats.includes(path.extname(file).toLowerCase()));
  if (unknown !== undefined)
    throw new GanError('usage', 'GAN_USAGE', `--out ${unknown}: the name must end in ${formats.join(' or ')}.`, {
      suggestions,
    });
  if (out.some((file) => path.extname(file).toLowerCase() === '.mp4'))
    (await import('../pictures/video.js')).assertFfmpeg();
}

/** The animations that are wanted: those that are named, or where nothing is, a GIF under a name that is free. */
export const animationsOf = (out: readonly string[], outDir: string | undefined, stem: string): readonly string[] =>
  out.length > 0 || outDir !== undefined ? out : [freePath(stem, '.gif')];
