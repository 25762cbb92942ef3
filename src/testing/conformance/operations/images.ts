/** Resampling of images, and channels that become pixels: src/backends/fused. */
import {resizeBilinear} from '../../../backends/fused/bilinear.js';
import {blur, firDown, firResample, firUp, type FirAttrs} from '../../../backends/fused/fir.js';
import {pixelShuffle, pixelUnshuffle} from '../../../backends/fused/pixel-shuffle.js';
import {averagePool, upsampleNearest} from '../../../backends/fused/upsample.js';
import type {Tensor} from '../../../backends/tf.js';
import type {OperationCase} from '../operation.js';
import {at, build, type Plain} from '../plain.js';
import {tolerances, type Tolerance} from '../tolerance.js';

const {moved, rounded, sum} = tolerances;

type Index = readonly number[];
type Shape = readonly [batch: number, height: number, width: number, channels: number];

interface ImageCase {
  title: string;
  shape: Shape;
  /** Shape of the result. */
  to: Shape;
  compute(x: Tensor): Tensor;
  /** A pixel of the result by its definition. */
  pixel(x: Plain, index: Index): number;
  tolerance: Tolerance;
  /** Too large to go through every element. */
  large?: boolean;
}

const imageCase = ({title, shape, to, compute, pixel, tolerance, large}: ImageCase): OperationCase => ({
  title,
  inputs: [{shape}],
  compute,
  plain: (x) => build(to, (index) => pixel(x, index)),
  tolerance,
  ...(large && {orders: 1, directions: 3}),
});

function nearest(factor: number, [n, h, w, c]: Shape, large = false): OperationCase {
  return imageCase({
    title: `nearest upsampling of ${h}x${w}x${c} by ${factor}`,
    shape: [n, h, w, c],
    to: [n, h * factor, w * factor, c],
    compute: (x) => upsampleNearest(x, factor),
    pixel: (x, [b, i, j, channel]) => at(x, [b!, Math.floor(i! / factor), Math.floor(j! / factor), channel!]),
    tolerance: rounded,
    large,
  });
}

function pooling(factor: number, [n, h, w, c]: Shape, large = false): OperationCase {
  return imageCase({
    title: `average pooling of ${h}x${w}x${c} by ${factor}`,
    shape: [n, h, w, c],
    to: [n, h / factor, w / factor, c],
    compute: (x) => averagePool(x, factor),
    pixel(x, [b, i, j, channel]) {
      let total = 0;
      for (let k = 0; k < factor ** 2; k++)
        total += at(x, [b!, i! * factor + Math.floor(k / factor), j! * factor + (k % factor), channel!]);
      return total / factor ** 2;
    },
    tolerance: rounded,
    large,
  });
}

/** Zeros between the pixels and around them, then the filter, then every `down`-th pixel. */
function firPixel(x: Plain, [b, i, j, channel]: Index, {up, down, padding: [top, , left], taps}: FirAttrs): number {
  let total = 0;
  taps.forEach((vertical, p) => {
    taps.forEach((horizontal, q) => {
      const [row, column] = [i! * down + p - top, j! * down + q - left];
      const inside = row >= 0 && column >= 0 && row < up * x.shape[1]! && column < up * x.shape[2]!;
      if (inside && row % up === 0 && column % up === 0)
        total += vertical * horizontal * at(x, [b!, row / up, column / up, channel!]);
    });
  });
  return total;
}

function fir(title: string, shape: Shape, attrs: FirAttrs, compute = (x: Tensor) => firResample(x, attrs)) {
  return (large = false): OperationCase => {
    const {up, down, padding, taps} = attrs;
    const side = (axis: 0 | 1): number =>
      Math.ceil((shape[axis + 1]! * up + padding[2 * axis]! + padding[2 * axis + 1]! - taps.length + 1) / down);
    return imageCase({
      title: `FIR resampling of ${shape.slice(1).join('x')}: ${title}`,
      shape,
      to: [shape[0], side(0), side(1), shape[3]],
      compute,
      pixel: (x, index) => firPixel(x, index, attrs),
      tolerance: sum,
      large,
    });
  };
}

const eighths = [1, 3, 3, 1].map((tap) => tap / 8);
const quarters = [1, 3, 3, 1].map((tap) => tap / 4);
const twice: FirAttrs = {up: 2, down: 1, padding: [2, 1, 2, 1], taps: quarters};
const half: FirAttrs = {up: 1, down: 2, padding: [1, 1, 1, 1], taps: eighths};

function bilinear([n, h, w, c]: Shape, height: number, width: number, large = false): OperationCase {
  /** The two pixels next to a place, and how far it is from the first to the second. */
  const between = (to: number, inSize: number, outSize: number): [number, number, number] => {
    const place = Math.max(0, ((to + 0.5) / outSize) * inSize - 0.5);
    const first = Math.floor(place);
    return [first, Math.min(first + 1, inSize - 1), place - first];
  };
  return imageCase({
    title: `bilinear resizing of ${h}x${w}x${c} to ${height}x${width}`,
    shape: [n, h, w, c],
    to: [n, height, width, c],
    compute: (x) => resizeBilinear(x, height, width),
    pixel(x, [b, i, j, channel]) {
      const [y0, y1, down] = between(i!, h, height);
      const [x0, x1, across] = between(j!, w, width);
      const value = (row: number, column: number): number => at(x, [b!, row, column, channel!]);
      const top = (1 - across) * value(y0, x0) + across * value(y0, x1);
      return (1 - down) * top + down * ((1 - across) * value(y1, x0) + across * value(y1, x1));
    },
    tolerance: sum,
    large,
  });
}

function shuffling(factor: number, [n, h, w, c]: Shape): OperationCase[] {
  const large: Shape = [n, h * factor, w * factor, c];
  const small: Shape = [n, h, w, c * factor ** 2];
  return [
    imageCase({
      title: `pixel shuffle of ${small.slice(1).join('x')} by ${factor}`,
      shape: small,
      to: large,
      compute: (x) => pixelShuffle(x, factor),
      pixel: (x, [b, i, j, channel]) =>
        at(x, [
          b!,
          Math.floor(i! / factor),
          Math.floor(j! / factor),
          (channel! * factor + (i! % factor)) * factor + (j! % factor),
        ]),
      tolerance: moved,
    }),
    imageCase({
      title: `pixel unshuffle of ${large.slice(1).join('x')} by ${factor}`,
      shape: large,
      to: small,
      compute: (x) => pixelUnshuffle(x, factor),
      pixel: (x, [b, i, j, channel]) =>
        at(x, [
          b!,
          i! * factor + (Math.floor(channel! / factor) % factor),
          j! * factor + (channel! % factor),
          Math.floor(channel! / factor ** 2),
        ]),
      tolerance: moved,
    }),
  ];
}

export const images: OperationCase[] = [
  nearest(2, [2, 3, 2, 3]),
  nearest(3, [1, 2, 3, 5]),
  nearest(2, [2, 5, 7, 12], true),
  pooling(2, [2, 4, 6, 3]),
  pooling(3, [1, 6, 3, 5]),
  pooling(2, [2, 10, 6, 12], true),

  fir('twice as large', [1, 3, 4, 3], twice, (x) => firUp(x))(),
  fir('half as large', [1, 6, 4, 3], half, (x) => firDown(x))(),
  fir('blur', [1, 3, 4, 5], {up: 1, down: 1, padding: [2, 1, 2, 1], taps: eighths}, (x) => blur(x))(),
  fir('half as large, odd sides', [1, 5, 7, 2], half)(),
  fir('up 3, down 2, an asymmetric filter', [1, 4, 5, 2], {
    up: 3,
    down: 2,
    padding: [2, 1, 0, 3],
    taps: [0.5, -0.25, 1, 0.75, 0.125],
  })(),
  fir('rows and columns taken away', [1, 5, 6, 2], {up: 2, down: 1, padding: [-1, -2, 3, -3], taps: [0.25, 1, 0.5]})(),
  fir('twice as large', [2, 9, 7, 20], twice)(true),
  fir('half as large', [2, 14, 10, 20], half)(true),

  bilinear([1, 3, 4, 3], 6, 8),
  bilinear([1, 5, 4, 2], 3, 7),
  bilinear([1, 1, 3, 2], 4, 1),
  bilinear([2, 9, 7, 12], 18, 14, true),

  ...shuffling(2, [1, 2, 3, 3]),
  ...shuffling(3, [1, 2, 1, 2]),
];
