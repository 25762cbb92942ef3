import type {HostTensor} from '../data/types.js';

/**
 * Energy of images at half the sampling frequency: of the rows and columns of the two-dimensional spectrum |F|^2 where
 * one frequency is that of +1, -1, +1, ... Mean over images and channels; pixels count from 0 to 1. Transposed
 * convolutions whose stride does not divide their kernel leave much there (Odena et al. 2016, "Deconvolution and
 * checkerboard artifacts"). Of an odd side, the last row or column is left out.
 * @param images bytes [n, height, width, channels]
 */
export function checkerboardEnergy({data, shape}: HostTensor): number {
  const [n = 0, fullHeight = 0, fullWidth = 0, channels = 0] = shape;
  const [height, width] = [fullHeight & ~1, fullWidth & ~1];
  const columns = new Float64Array(width); // sum over y of (-1)^y times the pixel
  const rows = new Float64Array(height);
  let total = 0;
  for (let i = 0; i < n; i++) {
    for (let c = 0; c < channels; c++) {
      columns.fill(0);
      rows.fill(0);
      let corner = 0; // F at half the frequency along both
      for (let y = 0; y < height; y++) {
        const at = (i * fullHeight + y) * fullWidth * channels + c;
        for (let x = 0; x < width; x++) {
          const value = data[at + x * channels]! / 255;
          const [ofRow, ofColumn] = [x & 1 ? -value : value, y & 1 ? -value : value];
          rows[y]! += ofRow;
          columns[x]! += ofColumn;
          corner += y & 1 ? -ofRow : ofRow;
        }
      }
      // Parseval: the energy of a row of the spectrum is that of the sums, times their number
      total += width * squares(columns) + height * squares(rows) - corner * corner; // the corner is in both
    }
  }
  return total / (n * channels);
}

const squares = (values: Float64Array): number => values.reduce((sum, value) => sum + value * value, 0);
