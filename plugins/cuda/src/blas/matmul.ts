import {CudaError} from '../driver/cuda-error.js';
import type {Gpu, Precision} from '../gpu.js';
import type {Timed} from '../profile.js';
import {ProductPlanner, type ProductPlan, type ProductShape} from './product-plan.js';
import {blas, type BlasFunctions} from './signatures.js';
import type {Blas, Product} from './types.js';

const one = Float32Array.of(1);
const zero = Float32Array.of(0);

/** The parts of the device that products use. */
type BlasHost = Pick<Gpu, 'scratch' | 'fill'> & Timed;

/** Matrix products by cuBLASLt, with a plan for each shape that was seen. */
export class CublasLt implements Blas {
  readonly #api: BlasFunctions;
  readonly #gpu: BlasHost;
  readonly #stream: bigint;
  readonly #handle: bigint;
  readonly #planner: ProductPlanner;
  readonly #plans = new Map<string, ProductPlan>();

  /** @throws CudaError when the library does not start */
  constructor(api: BlasFunctions, gpu: BlasHost, stream: bigint, precision: Precision, architecture: number) {
    this.#api = api;
    this.#gpu = gpu;
    this.#stream = stream;
    const handle = new BigUint64Array(1);
    this.#check('cublasLtCreate', api.cublasLtCreate(handle));
    this.#handle = handle[0]!;
    this.#planner = new ProductPlanner(api, this.#handle, precision, architecture);
  }

  matmul({m, n, k, batch = 1, a, b, c}: Product): void {
    if (m * n * batch === 0) return;
    if (k === 0) return this.#gpu.fill(c, 0, m * n * batch);
    const plan = this.#plan({
      m,
      n,
      k,
      batch,
      transposedA: a.transposed ?? false,
      transposedB: b.transposed ?? false,
      strideA: a.batchStride ?? m * k,
      strideB: b.batchStride ?? k * n,
      alignment: alignmentOf(a.address | b.address | c),
    });
    const workspace = plan.workspaceBytes === 0 ? 0n : this.#gpu.scratch(plan.workspaceBytes);
    this.#check(
      'cublasLtMatmul',
      this.#gpu.timed('cublaslt', 2 * m * n * k * batch, () =>
        this.#api.cublasLtMatmul(
          this.#handle,
          plan.operation,
          one,
          b.address,
          plan.layoutB,
          a.address,
          plan.layoutA,
          zero,
          c,
          plan.layoutC,
          c,
          plan.layoutC,
          plan.algorithm,
          workspace,
          BigInt(plan.workspaceBytes),
          this.#stream,
        ),
      ),
    );
  }

  close(): void {
    for (const plan of this.#plans.values()) this.#planner.destroy(plan);
    this.#plans.clear();
    this.#api.cublasLtDestroy(this.#handle);
  }

  #plan(shape: ProductShape): ProductPlan {
    const key = Object.values(shape).join();
    const known = this.#plans.get(key);
    if (known) return known;
    const plan = this.#planner.plan(shape);
    this.#plans.set(key, plan);
    return plan;
  }

  #check(call: string, code: number): void {
    if (code !== blas.CUBLAS_STATUS_SUCCESS)
      throw new CudaError(call, code, this.#api.cublasLtGetStatusString(code), 'cuBLASLt');
  }
}

/** The largest power of two up to 256 that divides all addresses of which this is the disjunction. */
const alignmentOf = (addresses: bigint): number => {
  const low = Number(addresses & 255n);
  return low === 0 ? 256 : low & -low;
};
