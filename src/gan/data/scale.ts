/** How images get the wanted size, by libvips: bilinear, antialiased where an image becomes smaller. */
import {arrayLike, type PixelData, type Pixels, type ResizeMethod} from './pixels.js';
import {loadSharp, type SharpImage} from './sharp.js';

/** Pixels, [height, width]. */
export type Size = readonly [height: number, width: number];

/** Computes an image: its pixels in sRGB with or without transparency, grey images included. */
export type ReadPixels<D extends PixelData> = (image: SharpImage) => Promise<Pixels<D>>;

export const readBytes: ReadPixels<Uint8Array> = async (image) => {
  // raw output is sRGB, as no other colour space is asked for
  const {data, ...sides} = await rgbOf(image.raw({depth: 'uchar'}));
  return {...sides, data: new Uint8Array(data.buffer, data.byteOffset, data.byteLength)}; // a Buffer differs in slice()
};

/** In 16 bits, of an image that has as many. */
export const readDeep: ReadPixels<Uint16Array> = async (image) => {
  const {data, ...sides} = await rgbOf(image.toColourspace('rgb16').raw({depth: 'ushort'}));
  return {...sides, data: new Uint16Array(data.buffer, data.byteOffset, data.byteLength / 2)};
};

async function rgbOf(raw: SharpImage): Promise<{data: Buffer; width: number; height: number; channels: 3 | 4}> {
  const {data, info} = await raw.toBuffer({resolveWithObject: true});
  const {width, height, channels} = info;
  if (channels !== 3 && channels !== 4) throw new Error(`decoded to ${channels} channels`);
  return {data, width, height, channels};
}

const fits = {crop: 'cover', pad: 'inside', squish: 'fill'} as const;

/**
 * An image in the wanted size, or, for `pad`, in the largest that fits into it. Colours are scaled multiplied by alpha.
 * @param open the image upright, anew each time
 * @param how `asWanted` gives the wanted channels, and may be applied twice; `fast`: a format that can shrink an image
 *   while it decodes it does so as far as it can, and else leaves a factor of two at least for the better filter
 */
export async function scaled<D extends PixelData>(
  open: () => SharpImage,
  size: Size,
  how: {resize: ResizeMethod; fast: boolean; read: ReadPixels<D>; asWanted(image: Pixels<D>): Pixels<D>},
): Promise<Pixels<D>> {
  const {resize, fast, read, asWanted} = how;
  const [height, width] = size;
  const smaller = await read(
    open().resize(width, height, {
      fit: fits[resize],
      kernel: 'linear',
      withoutEnlargement: true,
      fastShrinkOnLoad: fast,
    }),
  );
  const isThere =
    resize === 'pad'
      ? smaller.width === width || smaller.height === height
      : smaller.width === width && smaller.height === height;
  if (isThere) return asWanted(smaller);
  // a side is too short: `crop` has then cut off what is needed
  const small = resize === 'crop' ? await read(open()) : smaller;
  // laid on the background first, for exact numbers
  return asWanted(await enlarged(asWanted(small), size, {resize, read}));
}

/**
 * An image of which at least one side is to become longer, and the other, of `squish`, not shorter.
 *
 * libvips puts what it enlarges half a pixel too far to the right and down. Of an image of twice the wanted size that
 * is half of a half, and every second pixel is where it belongs.
 */
async function enlarged<D extends PixelData>(
  image: Pixels<D>,
  size: Size,
  {resize, read}: {resize: ResizeMethod; read: ReadPixels<D>},
): Promise<Pixels<D>> {
  const sharp = await loadSharp();
  const {part, whole, shown} = enlargement(image, size, resize);
  const {data, width, height, channels} = image;
  const twice = sharp(data, {raw: {width, height, channels}})
    .extract(part)
    .resize(2 * whole.width, 2 * whole.height, {fit: 'fill', kernel: 'linear'})
    .extract({
      left: whole.width - shown.width,
      top: whole.height - shown.height,
      width: 2 * shown.width,
      height: 2 * shown.height,
    });
  return oddPixels(await read(twice));
}

interface Rectangle {
  width: number;
  height: number;
}

/** Which part of an image is scaled, to which size, and how much of that, from the middle, is shown. */
function enlargement(
  image: Rectangle,
  [height, width]: Size,
  resize: ResizeMethod,
): {part: Rectangle & {left: number; top: number}; whole: Rectangle; shown: Rectangle} {
  const all = {left: 0, top: 0, width: image.width, height: image.height};
  const [across, down] = [width / image.width, height / image.height];
  if (resize === 'squish') return {part: all, whole: {width, height}, shown: {width, height}};
  if (resize === 'pad') {
    const times = Math.min(across, down);
    const to = (side: number): number => Math.max(1, Math.round(side * times));
    const whole = {width: to(image.width), height: to(image.height)};
    return {part: all, whole, shown: whole};
  }
  const times = Math.max(across, down);
  const [wide, tall] = [kept(image.width, width, times), kept(image.height, height, times)];
  return {
    part: {left: wide.from, top: tall.from, width: wide.part, height: tall.part},
    whole: {width: wide.whole, height: tall.whole},
    shown: {width, height},
  };
}

/** Pixels of a side that are scaled, with room for the neighbours of those that are seen, and how many they become. */
function kept(side: number, wanted: number, times: number): {from: number; part: number; whole: number} {
  const least = Math.ceil(wanted / times) + 2;
  const part = Math.min(side, least + ((side - least) & 1)); // as much is cut off at both ends
  const exact = part * times;
  const whole = wanted + 2 * Math.max(0, Math.round((exact - wanted) / 2)); // here, too
  return {from: (side - part) / 2, part, whole};
}

/** Every second pixel of every second row, from the second ones on. */
function oddPixels<D extends PixelData>({data, width, height, channels}: Pixels<D>): Pixels<D> {
  const half = {width: width / 2, height: height / 2, channels};
  const out = arrayLike(data, half.width * half.height * channels);
  let to = 0;
  for (let y = 1; y < height; y += 2) {
    for (let x = 1; x < width; x += 2) {
      const from = (y * width + x) * channels;
      for (let c = 0; c < channels; c++) out[to++] = data[from + c]!;
    }
  }
  return {data: out, ...half};
}
