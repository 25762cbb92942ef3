/** The exports of assembly/index.ts. Addresses are in bytes. All tensors are float32 unless stated otherwise. */
export interface Native {
  poolBytes(threads: number): number;
  startPool(pool: number, threads: number): void;
  /** The loop of a worker, until its thread is ended. */
  work(pool: number, thread: number): void;
  conv2d(conv: number, x: number, filter: number, y: number, pool: number): void;
  conv2dBackpropFilter(conv: number, x: number, dy: number, dFilter: number, pool: number): void;
  conv2dBackpropInput(conv: number, dy: number, filter: number, dx: number, pool: number): void;
  /**
   * Bytes of the buffer that the convolution needs for minimal filtering; 0 where the direct way is better.
   * @param kind 0 forward, 1 gradient of the filter, 2 gradient of the input
   */
  minimalBytes(conv: number, kind: 0 | 1 | 2, pool: number): number;
  minimalForward(conv: number, x: number, filter: number, y: number, buffer: number, pool: number): void;
  minimalBackpropFilter(conv: number, x: number, dy: number, dFilter: number, buffer: number, pool: number): void;
  minimalBackpropInput(conv: number, dy: number, filter: number, dx: number, buffer: number, pool: number): void;
  /** Bytes of the buffer for the gradient of few input channels; 0 where another way is better. */
  scatterBytes(conv: number, threads: number): number;
  scatterBackpropInput(conv: number, dy: number, filter: number, dx: number, buffer: number, pool: number): void;
  matmul(
    a: number,
    transposeA: boolean,
    b: number,
    transposeB: boolean,
    out: number,
    m: number,
    n: number,
    k: number,
    pool: number,
  ): void;
  batchNormBytes(rows: number, channels: number): number;
  batchNorm(
    x: number,
    weight: number,
    bias: number,
    y: number,
    mean: number,
    variance: number,
    rows: number,
    channels: number,
    eps: number,
    slope: number,
    buffer: number,
    pool: number,
  ): void;
  batchNormGrad(
    x: number,
    weight: number,
    bias: number,
    dy: number,
    mean: number,
    variance: number,
    dx: number,
    dWeight: number,
    dBias: number,
    rows: number,
    channels: number,
    eps: number,
    slope: number,
    buffer: number,
    pool: number,
  ): void;
  /** Writes to `seen`, or when transposed to `source`. `maps` are [images, 6]. */
  affineSample(
    source: number,
    maps: number,
    seen: number,
    images: number,
    height: number,
    width: number,
    outHeight: number,
    outWidth: number,
    channels: number,
    reflect: boolean,
    transposed: boolean,
    pool: number,
  ): void;
  colorMap(
    x: number,
    matrices: number,
    shifts: number,
    means: number,
    out: number,
    images: number,
    pixels: number,
    channels: number,
    pool: number,
  ): void;
  cutOut(x: number, boxes: number, out: number, images: number, height: number, width: number, channels: number): void;
  bytesToFloat(bytes: number, table: number, out: number, pixels: number, channels: number): void;
  updateParameters(updates: number, length: number, pool: number): void;
  maxPoolGrad(window: number, x: number, dy: number, dx: number): void;
  depthwiseBackpropFilter(window: number, x: number, dy: number, dFilter: number): void;
  depthwiseBackpropInput(window: number, dy: number, filter: number, dx: number): void;
  depthwiseConv(window: number, x: number, filter: number, y: number, back: boolean, pool: number): void;
  depthwiseFilter(window: number, x: number, dy: number, dFilter: number, pool: number): void;
  /** Bytes of the buffer; kinds as of `minimalBytes`. The window has the number of groups behind it. */
  groupedBytes(window: number, kind: 0 | 1 | 2, pool: number): number;
  groupedConv(window: number, x: number, filter: number, y: number, buffer: number, pool: number): void;
  groupedInput(window: number, dy: number, filter: number, dx: number, buffer: number, pool: number): void;
  groupedFilter(window: number, x: number, dy: number, dFilter: number, buffer: number, pool: number): void;
  resample(
    x: number,
    y: number,
    batch: number,
    inHeight: number,
    inWidth: number,
    outHeight: number,
    outWidth: number,
    channels: number,
    rows: number,
    columns: number,
    lines: number,
    pool: number,
  ): void;
  shuffle(
    from: number,
    to: number,
    batch: number,
    height: number,
    width: number,
    channels: number,
    factor: number,
    back: boolean,
    pool: number,
  ): void;
  segmentSum(x: number, ids: number, out: number, outer: number, middle: number, inner: number, segments: number): void;
  sum(x: number, out: number, outer: number, reduced: number, inner: number, scale: number): void;
  tile(x: number, out: number, axes: number, rank: number): number;
  leakyRelu(x: number, out: number, count: number, slope: number, pool: number): void;
  leakyReluGrad(dy: number, x: number, out: number, count: number, slope: number, pool: number): void;
  square(x: number, out: number, count: number, pool: number): void;
  /** The nearest numbers between two; NaN stays. */
  within(x: number, out: number, count: number, low: number, high: number, pool: number): void;
  /** The operator is one of assembly/arithmetic-chunk.ts; strides are in floats. */
  arithmetic(
    operator: number,
    a: number,
    aRow: number,
    aRepeat: number,
    aColumn: number,
    b: number,
    bRow: number,
    bRepeat: number,
    bColumn: number,
    out: number,
    rows: number,
    inner: number,
    slope: number,
    pool: number,
  ): void;
  pixelNorm(x: number, y: number, rows: number, channels: number, eps: number, pool: number): void;
  pixelNormGrad(x: number, dy: number, dx: number, rows: number, channels: number, eps: number, pool: number): void;
  sqrt(x: number, out: number, count: number): void;
  rsqrt(x: number, out: number, count: number): void;
  tanh(x: number, out: number, count: number): void;
  greater(a: number, strideA: number, b: number, strideB: number, out: number, count: number, orEqual: boolean): void;
  extremum(a: number, strideA: number, b: number, strideB: number, out: number, count: number, larger: boolean): void;
  select(condition: number, a: number, b: number, out: number, count: number): void;
}
