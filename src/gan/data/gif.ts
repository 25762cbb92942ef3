import {writeFileAtomic} from '../io/atomic-write.js';
import type {Channels} from './pixels.js';
import {loadSharp} from './sharp.js';
import type {HostTensor} from './types.js';

export interface Timing {
  /** Frames a second. GIF counts in 1/100 s, to which this is rounded. */
  fps: number;
  /** Play for ever, or once. */
  loop: boolean;
  /** Seconds that the last frame stays in addition. */
  hold?: number;
}

/**
 * Palettes that are 0.5 dB from the best that sharp finds (its effort 7), in an eighth of the time; its dithering is
 * 0.7 dB further off.
 */
const palettes = {effort: 4, dither: 0};

/**
 * Writes an animated GIF: at most 256 colours a frame; of transparency all or nothing.
 * @param frames bytes [n, height, width, channels]
 */
export async function writeGif(path: string, {data, shape}: HostTensor, {fps, loop, hold = 0}: Timing): Promise<void> {
  const [n = 0, height = 0, width = 0, channels = 0] = shape;
  const sharp = await loadSharp();
  const image = sharp(data, {
    raw: {width, height: n * height, channels: channels as Channels, pageHeight: height},
    limitInputPixels: false,
  });
  const delay = Math.max(2, Math.round(100 / fps)) * 10; // ms; viewers play less than 20 ms as 100 ms
  const delays = Array.from({length: n}, (_, i) => (i === n - 1 ? delay + 1000 * hold : delay));
  await writeFileAtomic(
    path,
    await image.gif({...palettes, delay: delays, loop: loop ? 0 : 1, keepDuplicateFrames: true}).toBuffer(),
  );
}

/**
 * Images with each pixel as a square of `scale` by `scale`: [n, height, width, c] -> [n, scale * height, scale * width,
 * c].
 */
export function enlarge({data, shape}: HostTensor, scale: number): HostTensor {
  const [n = 0, height = 0, width = 0, channels = 0] = shape;
  if (scale === 1) return {data, shape};
  const out = new Uint8Array(data.length * scale * scale);
  const rowBytes = width * scale * channels;
  for (let row = 0, to = 0; row < n * height; row++) {
    const start = to;
    for (let x = 0; x < width; x++) {
      const from = (row * width + x) * channels;
      for (let s = 0; s < scale; s++, to += channels) out.set(data.subarray(from, from + channels), to);
    }
    for (let s = 1; s < scale; s++, to += rowBytes) out.copyWithin(to, start, start + rowBytes);
  }
  return {data: out, shape: [n, height * scale, width * scale, channels]};
}
