/** Sets of pictures that are pixels, one after the other: arrays in files. */
import {dirname} from 'node:path';
import {identifyArrays} from '../identity.js';
import {doubtOfShorts} from '../deep-pixels.js';
import {arrayLike, type Channels, type PixelData} from '../pixels.js';
import type {Labels, Records, StoredPixels} from './types.js';

/** Shape of the pictures of an array. */
export interface PictureShape {
  height: number;
  width: number;
  channels: Channels;
  /** Whether the channels are planes, one after the other. */
  isPlanar: boolean;
}

export interface PixelSet extends PictureShape {
  kind: string;
  path: string;
  /** All files that were read, the one of the pictures first. */
  files: readonly string[];
  size: number;
  labels?: Labels | undefined;
  /** The bytes of a picture. */
  bytes(index: number): Uint8Array | Promise<Uint8Array>;
  /** What these bytes stand for. Default: they are its pixels. */
  values?: ((bytes: Uint8Array) => PixelData) | undefined;
}

/** The number of a picture is its name. */
export function pixelRecords({kind, path, files, size, labels, bytes, values, ...shape}: PixelSet): Records {
  return {
    kind,
    path,
    files,
    size,
    ...(labels && {labels}),
    name: String,
    describe: (index) => `${path} ${index}`,
    async read(index) {
      const stored = await bytes(index);
      return picture(values?.(stored) ?? stored, shape);
    },
    identify: () => identifyArrays(dirname(files[0]!), files, size),
  };
}

/**
 * The pictures of `[n, height, width]`, `[n, height, width, channels]` or `[n, channels, height, width]`; undefined:
 * none.
 */
export function pictureShape(shape: readonly number[]): PictureShape | undefined {
  const [, a = 0, b = 0, c = 0] = shape;
  const isCount = (n: number): n is Channels => n >= 1 && n <= 4;
  if (shape.some((side) => side < 1)) return undefined;
  if (shape.length === 3) return {height: a, width: b, channels: 1, isPlanar: false};
  if (shape.length !== 4) return undefined;
  if (isCount(c)) return {height: a, width: b, channels: c, isPlanar: false};
  return isCount(a) ? {height: b, width: c, channels: a, isPlanar: true} : undefined;
}

function picture(data: PixelData, {height, width, channels, isPlanar}: PictureShape): StoredPixels {
  const doubt = data instanceof Uint16Array ? doubtOfShorts(data) : undefined;
  return {
    data: isPlanar && channels > 1 ? interleaved(data, channels) : data,
    height,
    width,
    channels,
    ...(doubt !== undefined && {doubt}),
  };
}

/** Pixels from planes. */
function interleaved<D extends PixelData>(planes: D, channels: number): D {
  const out = arrayLike(planes, planes.length);
  for (let c = 0, from = 0; c < channels; c++)
    for (let at = c; at < out.length; at += channels) out[at] = planes[from++]!;
  return out;
}
