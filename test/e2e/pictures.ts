/** Pictures and animations, read by decoders that this project does not write with. */
import {readFileSync} from 'node:fs';
import {GifReader} from 'omggif';
import sharp from 'sharp';

/** Colour types in the header of a PNG file, by the number of channels (PNG specification, 11.2.1). */
export const pngType = {1: 0, 2: 4, 3: 2, 4: 6} as const;

/** The bytes of a PNG file as they are in it, by sharp, which reads grey as RGB and RGBA. */
export async function pixels(file: string): Promise<{data: number[]; width: number; height: number; type: number}> {
  const type = readFileSync(file)[25]!;
  const {data, info} = await sharp(file).raw().toBuffer({resolveWithObject: true});
  const isGrey = type === 0 || type === 4;
  return {
    data: [...data].filter((_, i) => !isGrey || i % info.channels === 0 || i % info.channels === 3),
    width: info.width,
    height: info.height,
    type,
  };
}

/** The frames of a GIF file as RGBA, by a decoder in plain JavaScript. */
export function gifFrames(file: string): {
  frames: Uint8Array[];
  width: number;
  height: number;
  delays: number[];
  loops: number | null;
} {
  const gif = new GifReader(readFileSync(file));
  const picture = new Uint8Array(gif.width * gif.height * 4);
  const frames = Array.from({length: gif.numFrames()}, (_, i) => {
    gif.decodeAndBlitFrameRGBA(i, picture);
    return picture.slice();
  });
  return {
    frames,
    width: gif.width,
    height: gif.height,
    delays: frames.map((_, i) => gif.frameInfo(i).delay),
    loops: gif.loopCount(),
  };
}

/** Of two lists of numbers, one by one. */
export const meanDifference = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  Array.from(a, (value, i) => Math.abs(value - b[i]!)).reduce((x, y) => x + y) / a.length;
