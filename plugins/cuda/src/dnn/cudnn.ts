import type {TensorInfo} from '@tensorflow/tfjs-core';
import type {DiskCache} from '../cache/disk-cache.js';
import type {Data, Element, Gpu, Turned} from '../gpu.js';
import {addTo} from '../kernels/add-n.js';
import {convolve, convolveFilterGradient, convolveInputGradient} from '../kernels/convolve.js';
import type {Timed} from '../profile.js';
import {Algorithms, mathTypes, type Algorithm} from './algorithms.js';
import {checkDnn, describeConvolution, paddingIsEven, type Descriptors, type Layout} from './descriptors.js';
import {convert, rearrange, shift, transpose, type Images} from './kernels.js';
import {productOf} from './products.js';
import {functionsOf, type Direction, type DnnFunctions} from './signatures.js';
import type {Convolution, Dnn} from './types.js';

const one = Float32Array.of(1);
const zero = Float32Array.of(0);

/** The parts of the device that convolutions use, besides those for kernels. */
export interface DnnHost extends Gpu, Timed {
  readonly recording: boolean;
  /** Runs `measure` with workspace, as much as can be spared but not more than that. May wait. */
  withSpareMemory<T>(maxBytes: number, measure: (address: bigint, bytes: number) => T): T;
  /** What is in memory of the device. Waits for it. */
  read(address: bigint, bytes: number): Uint8Array;
}

/** Workspace that an algorithm may have. */
const maxWorkspaceBytes = 2 ** 30;

/** How a shape is computed. */
interface Plan {
  layout: Layout;
  descriptors: Descriptors;
  algorithm: Algorithm;
}

/** The preferred one first: all tensors lie so. */
const layouts: readonly Layout[] = ['NHWC', 'NCHW'];

/** Addresses of the operands as cuDNN wants them, and where its result goes. */
interface Places {
  first: bigint;
  second: bigint;
  to: Data;
  /** Makes of the result what is wanted. */
  finish(): void;
}

/**
 * Convolutions by cuDNN. It wants even padding, filters as [out, height, width, in], and for bf16 operands in bfloat16:
 * what is otherwise is copied before and after. Where it has no deterministic algorithm for NHWC it gets NCHW.
 * Convolutions that are one matrix product go to cuBLASLt, without any copy. Depthwise ones, which are bound by memory,
 * and those that cuDNN has no deterministic algorithm for are left to our own kernels (kernels/convolve.cu), which
 * compute in float32.
 */
export class Cudnn implements Dnn {
  readonly #api: DnnFunctions;
  readonly #host: DnnHost;
  readonly #handle: bigint;
  readonly #algorithms: Algorithms;
  /** 'none': cuDNN has nothing that will do. */
  readonly #plans = new Map<string, Plan | 'none'>();
  readonly #log: ((line: string) => void) | undefined;
  readonly #element: Element;

  /** @throws CudaError when the library does not start */
  constructor(api: DnnFunctions, host: DnnHost, stream: bigint, cache: DiskCache, log?: (line: string) => void) {
    this.#log = log;
    this.#api = api;
    this.#host = host;
    const handle = new BigUint64Array(1);
    checkDnn(api, 'cudnnCreate', api.cudnnCreate(handle));
    this.#handle = handle[0]!;
    checkDnn(api, 'cudnnSetStream', api.cudnnSetStream(this.#handle, stream));
    this.#algorithms = new Algorithms(
      api,
      this.#handle,
      cache,
      `${host.card.name} cuDNN ${Number(api.cudnnGetVersion())}`,
      host.precision,
      log,
    );
    this.#element = host.precision === 'bf16' ? 'bf16' : 'float';
  }

  elementOf(conv: Convolution): Element {
    return isDepthwise(conv) || productOf(conv) ? 'float' : this.#element;
  }

  forward(conv: Convolution, x: TensorInfo, filter: TensorInfo, y: Data): void {
    const product = productOf(conv);
    const address = (tensor: TensorInfo): bigint => this.#host.address(tensor);
    if (product)
      return this.#inFloat(y, outImages(conv), (c) =>
        this.#host.blas.matmul({
          ...product,
          n: conv.outChannels,
          k: product.inner,
          a: {address: address(x)},
          b: {address: address(filter)},
          c,
        }),
      );
    this.#compute(
      'forward',
      conv,
      (even) => ({
        first: this.#images(x, conv, even),
        second: this.#filter(conv, filter),
        ...this.#result(y, outImages(conv)),
      }),
      () => this.#inFloat(y, outImages(conv), (to) => convolve(this.#host, conv, address(x), address(filter), to)),
    );
  }

  dataGradient(conv: Convolution, dy: TensorInfo, filter: TensorInfo, dx: Data): void {
    const product = productOf(conv);
    const address = (tensor: TensorInfo): bigint => this.#host.address(tensor);
    if (product)
      return this.#inFloat(dx, inImages(conv), (c) =>
        this.#host.blas.matmul({
          m: product.m,
          n: product.inner,
          k: conv.outChannels,
          a: {address: address(dy)},
          b: {address: address(filter), transposed: true},
          c,
        }),
      );
    this.#compute(
      'dataGradient',
      conv,
      (even) => ({
        first: this.#filter(conv, filter),
        second: this.#host.address(dy, this.#element),
        ...this.#result(dx, inImages(even), inImages(conv), conv, even),
      }),
      () =>
        this.#inFloat(dx, inImages(conv), (to) =>
          convolveInputGradient(this.#host, conv, address(dy), address(filter), to),
        ),
    );
  }

  orderOf(conv: Convolution): Turned | undefined {
    return isDepthwise(conv) || productOf(conv) ? undefined : turnedFilter(conv);
  }

  filterGradient(
    conv: Convolution,
    x: TensorInfo,
    dy: TensorInfo,
    dFilter: bigint,
    turned?: Turned,
    add = false,
  ): void {
    if (add && !(turned && this.#adds(conv))) {
      const count = filterRows(conv) * conv.outChannels;
      const term = this.#host.scratch(4 * count);
      this.filterGradient(conv, x, dy, term, turned);
      return addTo(this.#host, dFilter, term, count);
    }
    const product = productOf(conv);
    const address = (tensor: TensorInfo): bigint => this.#host.address(tensor);
    if (product) {
      return this.#host.blas.matmul({
        m: product.inner,
        n: conv.outChannels,
        k: product.m,
        a: {address: address(x), transposed: true},
        b: {address: address(dy)},
        c: dFilter,
      });
    }
    const count = filterRows(conv) * conv.outChannels;
    const final: Data = {address: dFilter, type: 'float'};
    this.#compute(
      'filterGradient',
      conv,
      (even) => {
        const direct = turned && this.#element === 'float';
        const to = direct ? final : this.#scratch(count);
        return {
          first: this.#images(x, conv, even),
          second: this.#host.address(dy, this.#element),
          to,
          finish: () => {
            if (!direct) rearrange(this.#host, to, turnedFilter(conv), final, turned, count);
          },
        };
      },
      () => {
        const to = turned ? this.#host.scratch(4 * count) : dFilter;
        convolveFilterGradient(this.#host, conv, address(x), address(dy), to);
        if (turned) rearrange(this.#host, {address: to, type: 'float'}, undefined, final, turned, count);
      },
      add ? one : zero,
    );
  }

  close(): void {
    for (const plan of this.#plans.values()) if (plan !== 'none') plan.descriptors.destroy();
    this.#plans.clear();
    this.#api.cudnnDestroy(this.#handle);
  }

  /** Whether cuDNN can add the gradient of a filter to other numbers, with the bits of an addition after it. */
  #adds(conv: Convolution): boolean {
    if (this.#element !== 'float' || isDepthwise(conv) || productOf(conv)) return false;
    const plan = this.#plans.get(shapeOf('filterGradient', evened(conv)));
    return plan !== undefined && plan !== 'none' && plan.layout === 'NHWC' && plan.algorithm.adds === true;
  }

  /**
   * By cuDNN where it can, else by our own kernels.
   * @param beta what was at the result's place is multiplied by this and added
   */
  #compute(
    direction: Direction,
    conv: Convolution,
    placesOf: (even: Convolution) => Places,
    own: () => void,
    beta: Float32Array = zero,
  ): void {
    if (isDepthwise(conv)) return own();
    const even = evened(conv);
    const key = shapeOf(direction, even);
    if (this.#plans.get(key) === 'none') return own();
    const given = placesOf(even);
    const plan = this.#plan(key, direction, even, given);
    if (plan === 'none') return own();
    const places = this.#placesIn(plan.layout, direction, even, given);
    this.#host.timed('cudnn', flopsOf(conv), () => this.#run(direction, plan, places, beta));
    places.finish();
  }

  #run(direction: Direction, {algorithm, descriptors}: Omit<Plan, 'layout'>, places: Places, beta: Float32Array): void {
    const workspace = algorithm.workspaceBytes === 0 ? 0n : this.#host.scratch(algorithm.workspaceBytes);
    const call = functionsOf[direction].run;
    checkDnn(
      this.#api,
      call,
      this.#api[call](
        this.#handle,
        one,
        descriptors.first,
        places.first,
        descriptors.second,
        places.second,
        descriptors.convolution,
        algorithm.algorithm,
        workspace,
        BigInt(algorithm.workspaceBytes),
        beta,
        descriptors.result,
        places.to.address,
      ),
    );
  }

  /**
   * Whether the gradient of a filter that is added to other numbers has the bits of an addition after it. It has not
   * where cuDNN splits the sum: a step that is repeated would differ from one that is not.
   */
  #addsAsAfterwards(plan: Omit<Plan, 'layout'>, places: Places, count: number): boolean {
    const bytes = 4 * count;
    return this.#host.withSpareMemory(2 * bytes, (spare, spareBytes) => {
      if (spareBytes < 2 * bytes) return false;
      const [once, after] = [spare, spare + BigInt(bytes)];
      const to = (address: bigint): Places => ({...places, to: {address, type: 'float'}});
      /** Other numbers of the same size: those of the neighbours. */
      const setOthers = (): void => {
        this.#host.copy(once + 4n, after, bytes - 4);
        this.#host.copy(once, after + BigInt(bytes - 4), 4);
      };
      this.#run('filterGradient', plan, to(once), zero);
      setOthers();
      addTo(this.#host, after, once, count);
      const wanted = this.#host.read(after, bytes);
      setOthers();
      this.#run('filterGradient', plan, to(after), one);
      return Buffer.compare(this.#host.read(after, bytes), wanted) === 0;
    });
  }

  /** The plan of a shape, made when it is first computed. */
  #plan(key: string, direction: Direction, conv: Convolution, given: Places): Plan | 'none' {
    const known = this.#plans.get(key);
    if (known !== undefined) return known;
    let found = this.#kept(key, direction, conv);
    for (const layout of layouts) found ??= this.#found(key, direction, conv, given, layout);
    this.#log?.(`${key}: ${found ? `${found.layout} ${JSON.stringify(found.algorithm)}` : 'kernels of our own'}`);
    this.#plans.set(key, found ?? 'none');
    return found ?? 'none';
  }

  /** By a measurement of this or another process. */
  #kept(key: string, direction: Direction, conv: Convolution): Plan | undefined {
    for (const layout of layouts) {
      const algorithm = this.#algorithms.known(keyIn(layout, key));
      if (!algorithm) continue;
      const descriptors = describeConvolution(this.#api, conv, direction, this.#host.precision, layout);
      this.#setMathType(descriptors, algorithm.mathType);
      return {layout, descriptors, algorithm};
    }
    return undefined;
  }

  /** By a measurement, or while a step is recorded by what cuDNN recommends. Undefined if nothing will do. */
  #found(key: string, direction: Direction, conv: Convolution, given: Places, layout: Layout): Plan | undefined {
    const descriptors = describeConvolution(this.#api, conv, direction, this.#host.precision, layout);
    this.#setMathType(descriptors, mathTypes[this.#host.precision]);
    const name = keyIn(layout, key);
    const places = this.#placesIn(layout, direction, conv, given);
    const adds = (algorithm: Algorithm): boolean => {
      if (direction !== 'filterGradient' || layout !== 'NHWC' || this.#element !== 'float') return false;
      this.#setMathType(descriptors, algorithm.mathType);
      return this.#addsAsAfterwards({descriptors, algorithm}, places, filterRows(conv) * conv.outChannels);
    };
    const algorithm = this.#host.recording
      ? this.#algorithms.guess(direction, name, descriptors, maxWorkspaceBytes)
      : this.#host.withSpareMemory(maxWorkspaceBytes, (workspace, workspaceBytes) => {
          const {first, second, to} = places;
          const site = {first, second, result: to.address, workspace, workspaceBytes};
          return this.#algorithms.measure(direction, name, descriptors, site, adds);
        });
    if (!algorithm) {
      descriptors.destroy();
      return undefined;
    }
    this.#setMathType(descriptors, algorithm.mathType);
    return {layout, descriptors, algorithm};
  }

  /** The operands and the place of the result in a layout; given are those as NHWC. */
  #placesIn(layout: Layout, direction: Direction, conv: Convolution, given: Places): Places {
    if (layout === 'NHWC') return given;
    const {first, second, to, finish} = given;
    const [of1, of2, ofResult] = operandsOf(direction, conv);
    const turned = (address: bigint, {batch, pixels, channels}: Operand): bigint => {
      const there = this.#scratch(batch * pixels * channels);
      transpose(this.#host, {address, type: this.#element}, there, pixels, channels, batch);
      return there.address;
    };
    const result = this.#scratch(ofResult.batch * ofResult.pixels * ofResult.channels);
    return {
      first: turned(first, of1),
      second: turned(second, of2),
      to: result,
      finish: () => {
        transpose(this.#host, result, to, ofResult.channels, ofResult.pixels, ofResult.batch);
        finish();
      },
    };
  }

  #setMathType({convolution}: Descriptors, mathType: number): void {
    checkDnn(this.#api, 'cudnnSetConvolutionMathType', this.#api.cudnnSetConvolutionMathType(convolution, mathType));
  }

  /** Address of the filter as cuDNN wants it. */
  #filter(conv: Convolution, filter: TensorInfo): bigint {
    return this.#host.address(filter, this.#element, turnedFilter(conv));
  }

  /** Address of x, with the zeros around it that even padding leaves out. */
  #images(x: TensorInfo, conv: Convolution, even: Convolution): bigint {
    if (even === conv) return this.#host.address(x, this.#element);
    const padded = this.#scratch(sizeOf(inImages(even)));
    const type = this.#host.elementOf(x);
    shift(
      this.#host,
      {address: this.#host.address(x, type), type},
      inImages(conv),
      padded,
      inImages(even),
      conv.padInfo.top,
      conv.padInfo.left,
    );
    return padded.address;
  }

  /** Lets `compute` write float32, which is converted where the result lies otherwise. */
  #inFloat(to: Data, size: Images, compute: (address: bigint) => void): void {
    if (to.type === 'float') return compute(to.address);
    const between: Data = {address: this.#host.scratch(4 * sizeOf(size)), type: 'float'};
    compute(between.address);
    convert(this.#host, between, to, sizeOf(size));
  }

  /**
   * The place where cuDNN writes images, and the step that moves them to where they are wanted: it crops what even
   * padding added, and converts.
   */
  #result(
    final: Data,
    size: Images,
    wanted = size,
    conv?: Convolution,
    even?: Convolution,
  ): {to: Data; finish: () => void} {
    const cut = conv !== undefined && conv !== even;
    if (!cut && this.#element === final.type) return {to: final, finish: () => {}};
    const to = this.#scratch(sizeOf(size));
    const finish = cut
      ? () => shift(this.#host, to, size, final, wanted, -conv.padInfo.top, -conv.padInfo.left)
      : () => convert(this.#host, to, final, sizeOf(size));
    return {to, finish};
  }

  #scratch(count: number): Data {
    return {address: this.#host.scratch(count * this.#elementBytes), type: this.#element};
  }

  get #elementBytes(): number {
    return this.#element === 'bf16' ? 2 : 4;
  }
}

/** The convolution itself, or where its padding is uneven that of an image with the zeros in it. */
function evened(conv: Convolution): Convolution {
  if (paddingIsEven(conv)) return conv;
  const {top, bottom, left, right} = conv.padInfo;
  return {
    ...conv,
    inHeight: conv.inHeight + top + bottom,
    inWidth: conv.inWidth + left + right,
    padInfo: {top: 0, bottom: 0, left: 0, right: 0},
  };
}

/** Multiplications and additions by definition, those with padding included; the same for all three kinds. */
const flopsOf = (conv: Convolution): number => 2 * sizeOf(outImages(conv)) * filterRows(conv);
const filterRows = ({filterHeight, filterWidth, inChannels, groups}: Convolution): number =>
  filterHeight * filterWidth * (inChannels / groups);
/** A filter [height, width, in, out] lies as [out, height, width, in]. */
const turnedFilter = (conv: Convolution): Turned => ({rows: filterRows(conv), columns: conv.outChannels});
/** A filter for each channel, or several. */
const isDepthwise = ({groups, inChannels}: Convolution): boolean => groups > 1 && groups === inChannels;
const inImages = ({batchSize: n, inHeight: height, inWidth: width, inChannels: c}: Convolution): Images => ({
  n,
  height,
  width,
  c,
});
const outImages = ({batchSize: n, outHeight: height, outWidth: width, outChannels: c}: Convolution): Images => ({
  n,
  height,
  width,
  c,
});
const sizeOf = ({n, height, width, c}: Images): number => n * height * width * c;

/** A tensor of a convolution as [batch, pixels, channels], which NCHW has as [batch, channels, pixels]. */
interface Operand {
  batch: number;
  pixels: number;
  channels: number;
}

/** Two operands and the result. */
function operandsOf(direction: Direction, conv: Convolution): readonly [Operand, Operand, Operand] {
  const x = {batch: conv.batchSize, pixels: conv.inHeight * conv.inWidth, channels: conv.inChannels};
  const y = {batch: conv.batchSize, pixels: conv.outHeight * conv.outWidth, channels: conv.outChannels};
  const filter = {
    batch: conv.outChannels,
    pixels: conv.filterHeight * conv.filterWidth,
    channels: conv.inChannels / conv.groups,
  };
  return {forward: [x, filter, y], dataGradient: [filter, y, x], filterGradient: [x, y, filter]}[direction] as [
    Operand,
    Operand,
    Operand,
  ];
}

/** Measurements of earlier versions are of NHWC. */
const keyIn = (layout: Layout, key: string): string => (layout === 'NHWC' ? key : `${layout} ${key}`);

const shapeOf = (direction: Direction, conv: Convolution): string =>
  `${direction} ${[
    conv.batchSize,
    conv.inHeight,
    conv.inWidth,
    conv.inChannels,
    conv.outHeight,
    conv.outWidth,
    conv.outChannels,
    conv.filterHeight,
    conv.filterWidth,
    conv.strideHeight,
    conv.strideWidth,
    conv.dilationHeight,
    conv.dilationWidth,
    conv.padInfo.top,
    conv.padInfo.left,
    ...(conv.groups > 1 ? [conv.groups] : []), // keys of earlier versions stay
  ].join()}`;
