/** Pixels on the host: how many channels they have, and how an image gets the wanted size. */

/** Number of channels of an image: grey, grey with transparency, RGB, RGB with transparency. */
export type Channels = 1 | 2 | 3 | 4;

/** Red, green, blue, 0..255. */
export type Rgb = readonly [red: number, green: number, blue: number];

/** Values of pixels: 0..255, or 0..65535 in 16 bits. */
export type PixelData = Uint8Array | Uint16Array;

/** The largest value. */
export const whiteOf = (data: PixelData): number => (data instanceof Uint8Array ? 255 : 65535);

/** An array of the same type. */
export const arrayLike = <D extends PixelData>(data: D, length: number): D =>
  (data instanceof Uint8Array ? new Uint8Array(length) : new Uint16Array(length)) as D;

/**
 * Pixels with another number of channels. Where these have no transparency, transparent pixels are laid on the
 * background.
 * Grey is the luma of ITU-R BT.601, rounded as Pillow does for its mode L.
 * @param background of 0..255
 * @param data flat [pixels, from]
 * @returns flat [pixels, to]; `data` itself when nothing is to be done
 */
export function toChannels<D extends PixelData>(data: D, from: Channels, to: Channels, background: Rgb): D {
  if (from === to) return data;
  const pixels = data.length / from;
  const out = arrayLike(data, pixels * to);
  const white = whiteOf(data);
  const [green, blue] = from <= 2 ? [0, 0] : [1, 2]; // where they are; grey is all three
  const hadAlpha = hasAlpha(from);
  const keepsAlpha = hasAlpha(to);
  const [backRed, backGreen, backBlue] = background.map((value) => (value * white) / 255) as [number, number, number];
  for (let i = 0, at = 0; i < data.length; i += from, at += to) {
    let r = data[i]!;
    let g = data[i + green]!;
    let b = data[i + blue]!;
    const alpha = hadAlpha ? data[i + from - 1]! : white;
    if (hadAlpha && !keepsAlpha) {
      r = over(r, backRed, alpha, white);
      g = over(g, backGreen, alpha, white);
      b = over(b, backBlue, alpha, white);
    }
    if (to <= 2)
      out[at] = (19595 * r + 38470 * g + 7471 * b + 0x8000) >>> 16; // 0.299, 0.587, 0.114 in 1/65536
    else {
      out[at] = r;
      out[at + 1] = g;
      out[at + 2] = b;
    }
    if (keepsAlpha) out[at + to - 1] = alpha;
  }
  return out;
}

/** Whether the last channel is transparency. */
export const hasAlpha = (channels: Channels): boolean => channels === 2 || channels === 4;

/** Pixels with alpha last, with black where alpha is 0. @returns a copy */
export function blackWhereClear<D extends PixelData>(data: D, channels: Channels): D {
  const out = data.slice() as D;
  for (let i = 0; i < out.length; i += channels) if (out[i + channels - 1] === 0) out.fill(0, i, i + channels - 1);
  return out;
}

const over = (top: number, below: number, alpha: number, white: number): number =>
  Math.round((top * alpha + below * (white - alpha)) / white);

/** The same values in 16 bits: 255 becomes 65535. */
export const toDeep = (data: PixelData): Uint16Array =>
  data instanceof Uint16Array ? data : Uint16Array.from(data, (value) => 257 * value);

/** The upper 8 of 16 bits. */
export const toBytes = (data: PixelData): Uint8Array =>
  data instanceof Uint8Array ? data : Uint8Array.from(data, (value) => value >> 8);

/**
 * `crop`: fill the size, cut what is over. `pad`: fit into the size, fill the rest. `squish`: change the proportions.
 */
export type ResizeMethod = 'crop' | 'pad' | 'squish';
/**
 * Content of the padding: the image mirrored at its edge pixels, black (transparent with 2 and 4 channels), or the edge
 * pixels.
 */
export type PadMode = 'reflect' | 'zeros' | 'border';

/** Raw pixels, [height, width, channels]: bytes, or values of 16 bits. */
export interface Pixels<D extends PixelData = Uint8Array> {
  data: D;
  width: number;
  height: number;
  channels: Channels;
}

/** The image in the middle of [height, width, channels]; an odd pixel goes below and to the right. */
export function padTo<D extends PixelData>(
  image: Pixels<D>,
  [height, width]: readonly [number, number],
  mode: PadMode,
): D {
  const {data, channels} = image;
  const out = arrayLike(data, height * width * channels);
  const rows = sourcePositions(image.height, height, mode);
  const columns = sourcePositions(image.width, width, mode);
  for (let y = 0; y < height; y++) {
    const row = rows[y]!;
    if (row < 0) continue;
    for (let x = 0; x < width; x++) {
      const column = columns[x]!;
      if (column < 0) continue;
      const from = (row * image.width + column) * channels;
      const to = (y * width + x) * channels;
      for (let c = 0; c < channels; c++) out[to + c] = data[from + c]!;
    }
  }
  return out;
}

/**
 * Returns, for each of `padded` positions along a side, the position to copy in the image of size `length`; -1 for
 * none.
 */
function sourcePositions(length: number, padded: number, mode: PadMode): Int32Array {
  const before = Math.floor((padded - length) / 2);
  return Int32Array.from({length: padded}, (_, i) => {
    const at = i - before;
    if (at >= 0 && at < length) return at;
    if (mode === 'zeros') return -1;
    return mode === 'border' ? Math.min(Math.max(at, 0), length - 1) : mirrored(at, length);
  });
}

/** Reflection without repeating the edge pixel: ... 2 1 | 0 1 2 3 | 2 1 0 1 ... */
export function mirrored(at: number, length: number): number {
  if (length === 1) return 0;
  const period = 2 * (length - 1);
  const phase = ((at % period) + period) % period;
  return phase < length ? phase : period - phase;
}
