/** From Display P3, which the image library makes of profiled images of 16 bits, to sRGB. */

/**
 * Linear Display P3 to linear sRGB, as the profiles of libvips have them: colorants under D50 in 1/65536, so that
 * what was sRGB becomes the same again. Both have the same curve.
 */
const matrix = [
  [1.22434854, -0.224810886, 0.000462347292],
  [-0.0419173225, 1.04197199, -0.0000546632096],
  [-0.0181393416, -0.0787215324, 1.09686087],
] as const;

/** The curve of sRGB (IEC 61966-2-1), from encoded to linear, 0..1, and back. */
const linear = (value: number): number => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
const encoded = (value: number): number => (value <= 0.0031308 ? 12.92 * value : 1.055 * value ** (1 / 2.4) - 0.055);

let table: Float64Array | undefined;

/**
 * Colours that sRGB does not have are cut off.
 * @param data of 16 bits, flat [pixels, 3 or 4]; alpha stays
 */
export function fromDisplayP3(data: Uint16Array, channels: number): Uint16Array {
  if (channels < 3) return data;
  table ??= Float64Array.from({length: 65536}, (_, i) => linear(i / 65535));
  const out = data.slice();
  for (let i = 0; i < data.length; i += channels) {
    const [r, g, b] = [table[data[i]!]!, table[data[i + 1]!]!, table[data[i + 2]!]!];
    for (let c = 0; c < 3; c++) {
      const [ofRed, ofGreen, ofBlue] = matrix[c]!;
      const value = Math.min(Math.max(ofRed * r + ofGreen * g + ofBlue * b, 0), 1);
      out[i + c] = Math.round(65535 * encoded(value));
    }
  }
  return out;
}
