import {extname} from 'node:path';
import {GanError, isGanError, messageOf} from '../../errors.js';
import {systemError} from '../../system-error.js';
import {writeFileAtomic} from '../io/atomic-write.js';
import {elements} from './items.js';
import {arrayLike, whiteOf, type Channels, type PixelData, type Pixels} from './pixels.js';
import {encodePng} from './png.js';
import {loadSharp} from './sharp.js';
import {arePoints} from './points.js';
import {scatterPlot} from './scatter-plot.js';
import type {DeepTensor} from './host-tensor.js';
import type {HostTensor} from './types.js';

/**
 * Images side by side, row by row, with a white gap between and around them.
 * @param images bytes, or values of 16 bits, [n, height, width, channels], n >= 1
 * @param columns default: as square as possible
 * @param padding width of the gap, pixels
 */
export function imageGrid(images: HostTensor, columns?: number, padding?: number): Pixels;
export function imageGrid(images: HostTensor | DeepTensor, columns?: number, padding?: number): Pixels<PixelData>;
export function imageGrid(images: HostTensor | DeepTensor, columns?: number, padding = 2): Pixels<PixelData> {
  const {n, height, width, channels, data: pixels} = imagesIn(images);
  const across = Math.min(n, columns ?? Math.ceil(Math.sqrt(n)));
  const down = Math.ceil(n / across);
  const grid = {width: across * (width + padding) + padding, height: down * (height + padding) + padding, channels};
  const data = arrayLike(pixels, grid.width * grid.height * channels).fill(whiteOf(pixels));
  const row = width * channels;
  for (let i = 0; i < n; i++) {
    const left = padding + (i % across) * (width + padding);
    const top = padding + Math.floor(i / across) * (height + padding);
    for (let y = 0; y < height; y++) {
      const from = (i * height + y) * row;
      data.set(pixels.subarray(from, from + row), ((top + y) * grid.width + left) * channels);
    }
  }
  return {data, ...grid};
}

/**
 * One picture of many images: points in a plot, others in a grid.
 * @param images bytes [n, height, width, channels], n >= 1
 * @param real points of the data, drawn below
 * @param columns of a grid; default: as square as possible
 */
export function samplePicture(images: HostTensor, real?: HostTensor, columns?: number): Pixels;
export function samplePicture(images: HostTensor | DeepTensor, real?: HostTensor, columns?: number): Pixels<PixelData>;
export function samplePicture(images: HostTensor | DeepTensor, real?: HostTensor, columns?: number): Pixels<PixelData> {
  if (!arePoints(images.shape)) return imageGrid(images, columns);
  imagesIn(images);
  return scatterPlot(images.data as Uint8Array, real?.data as Uint8Array | undefined);
}

/** Endings of the files that `writePicture` can write. */
export const pictureExtensions: readonly string[] = ['.png', '.jpg', '.jpeg', '.webp'];

/** Of 100; the chroma of a small picture is not thinned out. */
const jpegQuality = 92;

/**
 * Writes a picture in the format that the ending of its name says, whole or not at all: PNG, also where there is no
 * ending, of 8 or 16 bits as the picture has; WebP without loss; JPEG, with transparent parts on white.
 * @throws GanError GAN_IMAGE_FORMAT (exit 2) for another ending, GAN_IMAGE_WRITE
 */
export async function writePicture(path: string, picture: Pixels<PixelData>): Promise<void> {
  assertPictureName(path);
  const extension = extname(path).toLowerCase();
  if (extension === '' || extension === '.png') return writePng(path, picture);
  const {data, width, height, channels} = picture;
  const sharp = await loadSharp();
  const image = sharp(data, {raw: {width, height, channels}, limitInputPixels: false});
  await writeEncoded(
    path,
    extension === '.webp'
      ? await image.webp({lossless: true}).toBuffer()
      : await image.flatten({background: 'white'}).jpeg({quality: jpegQuality, chromaSubsampling: '4:4:4'}).toBuffer(),
  );
}

/** Whether `writePicture` can write a file of this name. @throws GanError GAN_IMAGE_FORMAT (exit 2) */
export function assertPictureName(path: string): void {
  const extension = extname(path).toLowerCase();
  if (extension === '' || pictureExtensions.includes(extension)) return;
  const stem = path.slice(0, -extension.length);
  throw new GanError(
    'usage',
    'GAN_IMAGE_FORMAT',
    `${path}: pictures are written as ${pictureExtensions.slice(0, -1).join(', ')} or ${pictureExtensions.at(-1)}, not as ${extension}.`,
    {suggestions: [`--out ${stem}.png`]},
  );
}

/** Pixels of a side, at most: JPEG and WebP have 16 and 14 bits for it. */
const longestSide: Readonly<Record<string, number>> = {'.jpg': 65535, '.jpeg': 65535, '.webp': 16383};

/**
 * Whether a grid of `n` images fits into the format of a file.
 * @param side of a square image, or [height, width]; pixels
 * @throws GanError GAN_IMAGE_FORMAT (exit 2)
 */
export function assertGridFits(
  path: string,
  n: number,
  {
    side,
    columns = Math.ceil(Math.sqrt(n)),
    padding = 2,
  }: {side: number | readonly [number, number]; columns?: number; padding?: number},
): void {
  const most = longestSide[extname(path).toLowerCase()];
  const [height, width] = typeof side === 'number' ? [side, side] : side;
  const along = (count: number, side: number): number => count * (side + padding) + padding;
  const pixels = Math.max(along(Math.min(n, columns), width), along(Math.ceil(n / columns), height));
  if (most === undefined || pixels <= most) return;
  throw new GanError(
    'usage',
    'GAN_IMAGE_FORMAT',
    `${path}: a grid of ${n} images of ${height}x${width} has ${pixels} pixels a side; this format has at most ${most}.`,
    {suggestions: [`--out ${path.slice(0, -extname(path).length)}.png`, '--out-dir DIR   for single images']},
  );
}

/** Writes a PNG file, whole or not at all. */
export async function writePng(path: string, picture: Pixels<PixelData>): Promise<void> {
  await writeEncoded(path, await encodePng(picture));
}

async function writeEncoded(path: string, bytes: Buffer): Promise<void> {
  try {
    await writeFileAtomic(path, bytes);
  } catch (cause) {
    if (isGanError(cause)) throw cause;
    const {message, suggestions} = systemError(cause) ?? {message: `${path} cannot be written: ${messageOf(cause)}`};
    throw new GanError('data', 'GAN_IMAGE_WRITE', message, {cause, ...(suggestions && {suggestions})});
  }
}

/** Writes one image of a batch [n, height, width, channels] as a PNG file, of 8 or of 16 bits as they have. */
export async function writeImage(path: string, images: HostTensor | DeepTensor, index = 0): Promise<void> {
  const {n, height, width, channels, data: pixels} = imagesIn(images);
  if (index < 0 || index >= n) throw new RangeError(`image ${index} of ${n}`);
  const length = height * width * channels;
  const data = pixels.subarray(index * length, (index + 1) * length);
  await writePng(path, {data, width, height, channels});
}

interface Images {
  n: number;
  height: number;
  width: number;
  channels: Channels;
  data: PixelData;
}

function imagesIn({data, shape}: HostTensor | DeepTensor): Images {
  const [n = 0, height = 0, width = 0, channels = 0] = shape;
  if (
    shape.length === 4 &&
    n > 0 &&
    isChannels(channels) &&
    !(data instanceof Float32Array) &&
    data.length === elements(shape)
  ) {
    return {n, height, width, channels, data};
  }
  const got = `${data.constructor.name}(${data.length}) of shape [${shape.join(', ')}]`;
  throw new GanError('data', 'GAN_IMAGE_SHAPE', `cannot draw ${got}; bytes [n, height, width, 1 to 4] are needed`, {
    suggestions: ['Undo the normalisation first (`normalization.undo`).'],
  });
}

const isChannels = (count: number): count is Channels => [1, 2, 3, 4].includes(count);
