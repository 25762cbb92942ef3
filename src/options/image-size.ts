/** Height and width of images as configurations and files have them. */

/** The side of square images, or `64x96`: height, then width; in pixels. */
export type ImageSize = number | `${number}x${number}`;

/** As a program may say it: the side of a square, `64x96`, or [height, width]. */
export type GivenSize = ImageSize | readonly [height: number, width: number];

/** Longest text of a size: one of two safe integers. */
const longest = 40;

/**
 * Reads `64`, `64x96`, or [64, 96]; equal sides become one number.
 * @returns undefined for anything else
 */
export function readSize(value: unknown): ImageSize | undefined {
  const sides = Array.isArray(value) ? (value as unknown[]) : sidesIn(value);
  if (sides === undefined || sides.length < 1 || sides.length > 2) return undefined;
  const [height, width = height] = sides;
  if (!isSide(height) || !isSide(width)) return undefined;
  return height === width ? height : `${height}x${width}`;
}

function sidesIn(value: unknown): unknown[] | undefined {
  if (typeof value === 'number') return [value];
  if (typeof value !== 'string' || value.length > longest) return undefined;
  const text = value.trim();
  if (text === '') return undefined;
  const parts = /^(\d+)\s*[x×]\s*(\d+)$/i.exec(text)?.slice(1) ?? [text];
  return parts.map(Number);
}

const isSide = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 1;

/** Height and width, in pixels. @param size as `readSize` gives it */
export function sidesOf(size: ImageSize): [height: number, width: number] {
  if (typeof size === 'number') return [size, size];
  const [height = NaN, width = NaN] = size.split('x').map(Number);
  return [height, width];
}

/** Height, width and channels of a configuration's images. */
export function imageShapeOf<Channels extends number>({
  size,
  channels,
}: {
  size: ImageSize;
  channels: Channels;
}): {height: number; width: number; channels: Channels} {
  const [height, width] = sidesOf(size);
  return {height, width, channels};
}

/** `64x64`, `64x96`. */
export const sizeText = (size: ImageSize): string => sidesOf(size).join('x');

/** `64x64`, `64x96 (height x width)`: for who may not know the order. */
export const sizeInWords = (size: ImageSize): string =>
  typeof size === 'number' ? sizeText(size) : `${sizeText(size)} (height x width)`;
