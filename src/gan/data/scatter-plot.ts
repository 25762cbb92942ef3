import type {HostTensor} from './host-tensor.js';
import type {Pixels, Rgb} from './pixels.js';

/** Side of a plot, pixels: one for each byte. */
const side = 256;
const real: Rgb = [190, 190, 190];
const generated: Rgb = [200, 40, 30];

/**
 * A plot of points in the square [-1, 1] x [-1, 1], x to the right, y upwards: generated ones in red over real ones in
 * grey.
 * @param points bytes [n, 2], flat: 0 is -1, 255 is 1
 */
export function scatterPlot(points: Uint8Array, realPoints: Uint8Array = new Uint8Array()): Pixels {
  const data = new Uint8Array(side * side * 3).fill(255);
  for (const [coordinates, colour] of [
    [realPoints, real],
    [points, generated],
  ] as const) {
    for (let i = 0; i < coordinates.length; i += 2) dot(data, coordinates[i]!, side - 1 - coordinates[i + 1]!, colour);
  }
  return {data, width: side, height: side, channels: 3};
}

/** Four pixels. */
function dot(data: Uint8Array, left: number, top: number, colour: Rgb): void {
  for (const y of [top, Math.min(top + 1, side - 1)])
    for (const x of [left, Math.min(left + 1, side - 1)]) data.set(colour, (y * side + x) * 3);
}

/** A plot of each point. Bytes [n, 1, 1, 2] -> [n, 256, 256, 3]. */
export function pointPlots({data, shape: [n = 0]}: HostTensor): HostTensor {
  const plots = new Uint8Array(n * side * side * 3);
  for (let i = 0; i < n; i++)
    plots.set(scatterPlot((data as Uint8Array).subarray(2 * i, 2 * i + 2)).data, i * side * side * 3);
  return {data: plots, shape: [n, side, side, 3]};
}
