import {CudaError} from '../driver/cuda-error.js';
import type {KernelSource} from '../gpu.js';
import type {NvrtcFunctions} from './signatures.js';

/** Constants of nvrtc.h. */
const success = 0;
const compilationFailed = 6;

/**
 * The target of the compiler. A card that it knows gets machine code. A newer card gets the newest PTX, which the
 * driver translates.
 */
export interface Target {
  /** Value of --gpu-architecture. */
  option: string;
  form: 'cubin' | 'ptx';
}

/** NVRTC with its failures thrown. */
export class Nvrtc {
  readonly #api: NvrtcFunctions;
  readonly #addressOf: (memory: ArrayBufferView) => bigint;
  /** Version in the form `12.8`. */
  readonly version: string;
  readonly #architectures: readonly number[];

  constructor(api: NvrtcFunctions, addressOf: (memory: ArrayBufferView) => bigint) {
    this.#api = api;
    this.#addressOf = addressOf;
    const [major, minor, count] = [new Int32Array(1), new Int32Array(1), new Int32Array(1)];
    this.#check('nvrtcVersion', api.nvrtcVersion(major, minor));
    this.version = `${major[0]}.${minor[0]}`;
    this.#check('nvrtcGetNumSupportedArchs', api.nvrtcGetNumSupportedArchs(count));
    const architectures = new Int32Array(count[0]!);
    this.#check('nvrtcGetSupportedArchs', api.nvrtcGetSupportedArchs(architectures));
    this.#architectures = [...architectures];
  }

  /** Undefined for a card that is older than all that this compiler knows. */
  targetFor(architecture: number): Target | undefined {
    if (this.#architectures.includes(architecture)) return {option: `sm_${architecture}`, form: 'cubin'};
    const older = this.#architectures.filter((known) => known < architecture);
    return older.length === 0 ? undefined : {option: `compute_${Math.max(...older)}`, form: 'ptx'};
  }

  /**
   * Machine code or PTX of a source.
   * @throws CudaError with the compiler's log
   */
  compile(source: KernelSource, target: Target): Uint8Array {
    const handle = new BigUint64Array(1);
    this.#check(
      'nvrtcCreateProgram',
      this.#api.nvrtcCreateProgram(handle, source.text, `${source.name.replaceAll('/', '-')}.cu`, 0, null, null),
    );
    const program = handle[0]!;
    try {
      const options = compileOptions(source, target);
      const texts = options.map((option) => Buffer.from(`${option}\0`));
      const table = BigUint64Array.from(texts, (text) => this.#addressOf(text));
      const code = this.#api.nvrtcCompileProgram(program, options.length, table);
      if (code === compilationFailed)
        throw new CudaError(
          'nvrtcCompileProgram',
          code,
          `${source.name} does not compile: ${this.#log(program)}`,
          'NVRTC',
        );
      this.#check('nvrtcCompileProgram', code);
      return target.form === 'cubin'
        ? this.#bytes(program, this.#api.nvrtcGetCUBINSize, this.#api.nvrtcGetCUBIN)
        : this.#bytes(program, this.#api.nvrtcGetPTXSize, this.#api.nvrtcGetPTX);
    } finally {
      this.#api.nvrtcDestroyProgram(handle);
    }
  }

  #log(program: bigint): string {
    const bytes = this.#bytes(program, this.#api.nvrtcGetProgramLogSize, this.#api.nvrtcGetProgramLog);
    return Buffer.from(bytes).toString().replaceAll('\0', '').trim();
  }

  #bytes(
    program: bigint,
    size: (program: bigint, at: BigUint64Array) => number,
    get: (program: bigint, at: Uint8Array) => number,
  ): Uint8Array {
    const length = new BigUint64Array(1);
    this.#check('the size of the result of NVRTC', size(program, length));
    const bytes = new Uint8Array(Number(length[0]));
    this.#check('the result of NVRTC', get(program, bytes));
    return bytes;
  }

  #check(call: string, code: number): void {
    if (code !== success) throw new CudaError(call, code, this.#api.nvrtcGetErrorString(code), 'NVRTC');
  }
}

/** The options of a compilation; its result depends on them, the text and the version of NVRTC only. */
export function compileOptions({defines = {}}: KernelSource, {option}: Target): string[] {
  return [
    `--gpu-architecture=${option}`,
    '--std=c++17',
    ...Object.entries(defines).map(([name, value]) => `-D${name}=${value}`),
  ];
}
