import type {DiskCache} from '../cache/disk-cache.js';
import type {Precision} from '../gpu.js';
import {checkDnn, type Descriptors} from './descriptors.js';
import {dnn, functionsOf, isUnsupported, perfBytes, type Direction, type DnnFunctions} from './signatures.js';

/** How one kind of a convolution is computed. */
export interface Algorithm {
  /** Value of the enumeration of its kind. */
  algorithm: number;
  workspaceBytes: number;
  mathType: number;
  /** Of a filter's gradient: added to other numbers it has the bits of an addition after it. */
  adds?: boolean;
}

/** Memory of a measurement: addresses of the operands, which it reads, and of the result, which it writes. */
export interface Site {
  first: bigint;
  second: bigint;
  result: bigint;
  workspace: bigint;
  workspaceBytes: number;
}

/** The math type of cuDNN. Without it, cuDNN rounds float32 to TF32. */
export const mathTypes: Record<Precision, number> = {
  fp32: dnn.CUDNN_FMA_MATH,
  tf32: dnn.CUDNN_DEFAULT_MATH,
  bf16: dnn.CUDNN_TENSOR_OP_MATH,
};

/** Each algorithm may come once for every math type. */
const maxResults = 16;

/** A choice that was made with less workspace, on a crowded card, is not kept. */
const enoughBytes = 2 ** 28;

/** Chooses algorithms by measuring them, once for each shape, card and version; the choice is kept on disk. */
export class Algorithms {
  /**
   * @param machine card, versions: what else a choice depends on
   * @param log is told what cuDNN offers
   */
  constructor(
    private readonly api: DnnFunctions,
    private readonly handle: bigint,
    private readonly cache: DiskCache,
    private readonly machine: string,
    private readonly precision: Precision,
    private readonly log: ((line: string) => void) | undefined,
  ) {}

  /** Earlier measurements, of this or another process. */
  known(shape: string): Algorithm | undefined {
    const kept = this.cache.get(this.#key(shape));
    return kept && (JSON.parse(Buffer.from(kept).toString()) as Algorithm);
  }

  /**
   * Runs all algorithms; waits for the device. Undefined if none will do.
   * @param adds tells what `Algorithm` says of that name
   */
  measure(
    direction: Direction,
    shape: string,
    descriptors: Descriptors,
    site: Site,
    adds: (algorithm: Algorithm) => boolean = () => false,
  ): Algorithm | undefined {
    const call = functionsOf[direction].search;
    const found = this.#results(call, shape, (count, results) =>
      this.api[call](
        this.handle,
        descriptors.first,
        site.first,
        descriptors.second,
        site.second,
        descriptors.convolution,
        descriptors.result,
        site.result,
        maxResults,
        count,
        results,
        site.workspace,
        BigInt(site.workspaceBytes),
      ),
    );
    const chosen =
      choose(found, this.precision, site.workspaceBytes) ??
      this.guess(direction, shape, descriptors, site.workspaceBytes);
    if (chosen && adds(chosen)) chosen.adds = true;
    if (chosen && site.workspaceBytes >= enoughBytes)
      this.cache.put(this.#key(shape), Buffer.from(JSON.stringify(chosen)));
    return chosen;
  }

  /**
   * Returns the algorithm that cuDNN recommends, without running anything. Used for a shape that first appears while a
   * step is captured. Undefined if none will do.
   */
  guess(direction: Direction, shape: string, descriptors: Descriptors, workspaceBytes: number): Algorithm | undefined {
    const call = functionsOf[direction].heuristics;
    const found = this.#results(call, shape, (count, results) =>
      this.api[call](
        this.handle,
        descriptors.first,
        descriptors.second,
        descriptors.convolution,
        descriptors.result,
        maxResults,
        count,
        results,
      ),
    );
    return choose(found, this.precision, workspaceBytes);
  }

  #results(call: string, shape: string, run: (count: Int32Array, results: Uint8Array) => number): Result[] {
    const count = new Int32Array(1);
    const results = new Uint8Array(maxResults * perfBytes);
    const status = run(count, results);
    if (isUnsupported(status)) {
      this.log?.(`${call} ${shape}: not supported (${status})`);
      return [];
    }
    checkDnn(this.api, call, status);
    const found = parse(results, count[0]!);
    for (const one of found) this.log?.(`${call} ${shape}: ${JSON.stringify(one)}`);
    return found;
  }

  #key(shape: string): string {
    return `convolution 2 ${this.machine} ${this.precision} ${shape}`;
  }
}

interface Result extends Algorithm {
  status: number;
  ms: number;
  deterministic: boolean;
}

/** Reads an array of cudnnConvolution*AlgoPerf_t, the fastest first. */
export function parse(results: Uint8Array, count: number): Result[] {
  const view = new DataView(results.buffer, results.byteOffset);
  return Array.from({length: count}, (_, i) => {
    const at = i * perfBytes;
    return {
      algorithm: view.getInt32(at, true),
      status: view.getInt32(at + 4, true),
      ms: view.getFloat32(at + 8, true),
      workspaceBytes: Number(view.getBigUint64(at + 16, true)),
      deterministic: view.getInt32(at + 24, true) === dnn.CUDNN_DETERMINISTIC,
      mathType: view.getInt32(at + 28, true),
    };
  });
}

/**
 * Math types of results that will do, the preferred ones first: cuDNN also offers algorithms for types that it was not
 * asked for.
 */
const allowed: Record<Precision, readonly (readonly number[])[]> = {
  fp32: [[dnn.CUDNN_FMA_MATH], [dnn.CUDNN_DEFAULT_MATH]], // before Ampere the two are one
  tf32: [[dnn.CUDNN_DEFAULT_MATH, dnn.CUDNN_TENSOR_OP_MATH, dnn.CUDNN_FMA_MATH]],
  bf16: [[dnn.CUDNN_DEFAULT_MATH, dnn.CUDNN_TENSOR_OP_MATH, dnn.CUDNN_FMA_MATH]],
};

/** The fastest that fits, computes the same each time, and rounds as it is asked to. Undefined where there is none. */
function choose(results: readonly Result[], precision: Precision, workspaceBytes: number): Algorithm | undefined {
  const usable = results.filter(
    ({status, deterministic, workspaceBytes: wanted}) =>
      status === dnn.CUDNN_STATUS_SUCCESS && deterministic && wanted <= workspaceBytes,
  );
  const found = allowed[precision]
    .map((types) => usable.find(({mathType}) => types.includes(mathType)))
    .find((one) => one !== undefined);
  return (
    found && {
      algorithm: found.algorithm,
      workspaceBytes: found.workspaceBytes,
      mathType: precision === 'fp32' ? dnn.CUDNN_FMA_MATH : found.mathType,
    }
  );
}
