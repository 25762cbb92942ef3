import type {BackendTimingInfo} from '@tensorflow/tfjs-core';
import type {Driver} from './driver/driver.js';

/**
 * Whose work it is: cuDNN's convolutions, cuBLASLt's products, kernels of this package, copies and fills, recorded
 * steps as a whole.
 */
export type Part = 'cudnn' | 'cublaslt' | 'kernels' | 'copies' | 'recorded';

/**
 * Time on the device in milliseconds, launches, and of convolutions and products the operations on numbers (a
 * multiplication and an addition are two).
 */
export interface PartTime {
  ms: number;
  calls: number;
  flops: number;
}

/** The result of `tf.time` on this backend. */
export interface DeviceTimes extends BackendTimingInfo {
  kernelMs: number;
  parts: Record<Part, PartTime>;
}

/** Lets work be measured. */
export interface Timed {
  /** Runs `run`, which hands one piece of work to the stream of computation. */
  timed<T>(part: Part, flops: number, run: () => T): T;
}

interface Span {
  part: Part;
  flops: number;
  begin: bigint;
  end: bigint;
}

/**
 * Times of what is handed to a stream, by a pair of events around each launch. Where the host is slower than the card,
 * a launch that the card waits for counts from when it was announced: short kernels of an eager run look longer than
 * they are.
 */
export class Profile {
  readonly #spans: Span[] = [];

  constructor(
    private readonly driver: Driver,
    private readonly stream: bigint,
  ) {}

  span<T>(part: Part, flops: number, run: () => T): T {
    const span = {part, flops, begin: this.driver.createTimer(), end: this.driver.createTimer()};
    this.#spans.push(span);
    this.driver.recordEvent(span.begin, this.stream);
    try {
      return run();
    } finally {
      this.driver.recordEvent(span.end, this.stream);
    }
  }

  /** Sums; everything that was handed over must be done. */
  times(): DeviceTimes {
    const none = (): PartTime => ({ms: 0, calls: 0, flops: 0});
    const parts: DeviceTimes['parts'] = {
      cudnn: none(),
      cublaslt: none(),
      kernels: none(),
      copies: none(),
      recorded: none(),
    };
    for (const {part, flops, begin, end} of this.#spans) {
      const sum = parts[part];
      sum.ms += this.driver.elapsed(begin, end);
      sum.calls++;
      sum.flops += flops;
    }
    const kernelMs = Object.values(parts).reduce((sum, {ms}) => sum + ms, 0);
    return {
      kernelMs,
      parts,
      getExtraProfileInfo: () =>
        Object.entries(parts)
          .filter(([, {calls}]) => calls > 0)
          .map(([part, {ms}]) => `${part}: ${ms.toFixed(3)} ms`)
          .join(', '),
    };
  }

  /** Releases the events. */
  close(): void {
    for (const {begin, end} of this.#spans) for (const event of [begin, end]) this.driver.destroyEvent(event);
    this.#spans.length = 0;
  }
}
