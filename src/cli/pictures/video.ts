import {spawn, spawnSync} from 'node:child_process';
import {rm} from 'node:fs/promises';
import {once} from 'node:events';
import type {Timing} from '../../gan/data/gif.js';
import type {HostTensor} from '../../gan/data/types.js';
import {GanError} from '../../errors.js';

/** ffmpeg's names of pixels of 1 to 4 bytes. */
const pixelFormats: Readonly<Record<number, string>> = {1: 'gray', 2: 'ya8', 3: 'rgb24', 4: 'rgba'};

/** @throws GanError GAN_FFMPEG when there is no ffmpeg in the PATH */
export function assertFfmpeg(): void {
  if (spawnSync('ffmpeg', ['-version'], {stdio: 'ignore'}).status === 0) return;
  throw new GanError('usage', 'GAN_FFMPEG', 'Videos need ffmpeg, which is not in the PATH.', {
    suggestions: [
      'Install it: apt install ffmpeg, brew install ffmpeg, winget install ffmpeg',
      'Or write a GIF: --out FILE.gif',
      'Or the frames as PNG files: --out-dir DIR',
    ],
  });
}

/**
 * Writes an MP4 that browsers and players show: H.264, 4:2:0. Transparency is laid on white; an odd last row or column
 * is doubled.
 * @param frames bytes [n, height, width, channels]
 * @throws GanError GAN_FFMPEG with what ffmpeg said
 */
export async function writeMp4(
  path: string,
  {data, shape}: HostTensor,
  {fps, hold = 0}: Pick<Timing, 'fps' | 'hold'>,
): Promise<void> {
  const [, height = 0, width = 0, channels = 0] = shape;
  const {renameDurably, temporaryName} = await import('../../gan/io/atomic-write.js');
  const temporary = temporaryName(path);
  const even = 'scale=w=trunc((iw+1)/2)*2:h=trunc((ih+1)/2)*2:flags=neighbor';
  const last = `tpad=stop_mode=clone:stop_duration=${hold}`;
  const onWhite = `color=white:size=${width}x${height}:rate=${fps}[white];[white][0:v]overlay=shortest=1,${last},${even}`;
  const ffmpeg = spawn(
    'ffmpeg',
    [
      '-hide_banner',
      '-loglevel',
      'error',
      '-y',
      '-f',
      'rawvideo',
      '-pixel_format',
      pixelFormats[channels] ?? '',
      '-video_size',
      `${width}x${height}`,
      '-framerate',
      String(fps),
      '-i',
      'pipe:0',
      '-filter_complex',
      channels === 2 || channels === 4 ? onWhite : `[0:v]${last},${even}`,
      '-c:v',
      'libx264',
      '-crf',
      '16',
      '-pix_fmt',
      'yuv420p',
      '-movflags',
      '+faststart',
      '-f',
      'mp4',
      temporary,
    ],
    {stdio: ['pipe', 'ignore', 'pipe']},
  );
  let said = '';
  ffmpeg.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  ffmpeg.stdin.on('error', () => {}); // it ended early: its exit code tells
  ffmpeg.stdin.end(data);
  const [code] = (await once(ffmpeg, 'close')) as [number | null];
  if (code === 0) return renameDurably(temporary, path);
  await rm(temporary, {force: true});
  throw new GanError('usage', 'GAN_FFMPEG', `ffmpeg could not write ${path}: ${said.trim().split('\n').at(-1) ?? ''}`, {
    suggestions: ['Or write a GIF: --out FILE.gif'],
  });
}
