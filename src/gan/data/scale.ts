/** How images get the wanted size, by libvips: bilinear, antialiased where an image becomes smaller. */
import type {Pixels, ResizeMethod} from './pixels.js';
import {loadSharp, type SharpImage} from './sharp.js';

/** Pixels, [height, width]. */
export type Size = readonly [height: number, width: number];

/** The pixels of an image as bytes of sRGB with or without transparency, grey images included. */
async function rgbPixels(image: SharpImage): Promise<Pixels> {
  // raw output is sRGB, as no other colour space is asked for
  const {data, info} = await image.raw({depth: 'uchar'}).toBuffer({resolveWithObject: true});
  if (info.channels !== 3 && info.channels !== 4) throw new Error(`decoded to ${info.channels} channels`);
  const {width, height, channels} = info;
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength); // not a Buffer, which differs in slice()
  return {data: bytes, width, height, channels};
}

const fits = {crop: 'cover', pad: 'inside', squish: 'fill'} as const;

/**
 * An image in the wanted size, or, for `pad`, in the largest that fits into it. Colours are scaled multiplied by alpha.
 * @param open the image upright, anew each time
 * @param how `asWanted` gives the wanted channels, and may be applied twice
 */
export async function scaled(
  open: () => SharpImage,
  size: Size,
  {resize, asWanted}: {resize: ResizeMethod; asWanted(image: Pixels): Pixels},
): Promise<Pixels> {
  const [height, width] = size;
  const smaller = await rgbPixels(
    open().resize(width, height, {fit: fits[resize], kernel: 'linear', withoutEnlargement: true}),
  );
  const isThere =
    resize === 'pad'
      ? smaller.width === width || smaller.height === height
      : smaller.width === width && smaller.height === height;
  if (isThere) return asWanted(smaller);
  // a side is too short: `crop` has then cut off what is needed
  const small = resize === 'crop' ? await rgbPixels(open()) : smaller;
  return asWanted(await enlarged(asWanted(small), size, resize)); // laid on the background first, for exact numbers
}

/**
 * An image of which at least one side is to become longer, and the other, of `squish`, not shorter.
 *
 * libvips puts what it enlarges half a pixel too far to the right and down. Of an image of twice the wanted size that
 * is half of a half, and every second pixel is where it belongs.
 */
async function enlarged(image: Pixels, size: Size, resize: ResizeMethod): Promise<Pixels> {
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
  return oddPixels(await rgbPixels(twice));
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
function oddPixels({data, width, height, channels}: Pixels): Pixels {
  const half = {width: width / 2, height: height / 2, channels};
  const out = new Uint8Array(half.width * half.height * channels);
  let to = 0;
  for (let y = 1; y < height; y += 2) {
    for (let x = 1; x < width; x += 2) {
      const from = (y * width + x) * channels;
      for (let c = 0; c < channels; c++) out[to++] = data[from + c]!;
    }
  }
  return {data: out, ...half};
}
