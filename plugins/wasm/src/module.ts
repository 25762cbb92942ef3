import {readFile} from 'node:fs/promises';
import {fileURLToPath} from 'node:url';
import {setFlagsFromString} from 'node:v8';

/** What Node may use of the processor. */
export interface Features {
  relaxedSimd: boolean;
  wideSimd: boolean;
}

/** A v128.const of the same float in each lane. */
const vector = (value: number): number[] => {
  const bytes = [...new Uint8Array(Float32Array.of(value).buffer)];
  return [0xfd, 0x0c, ...bytes, ...bytes, ...bytes, ...bytes];
};
const [x, minusSquare] = [1 + 2 ** -12, -(1 + 2 ** -11)];
/**
 * What is lost of x * x when it is rounded: 2^-24, and 0 without fused multiply-add.
 * (func (export "f") (result f32) (f32x4.extract_lane 0 (f32x4.relaxed_madd (v128.const x) (v128.const x) (v128.const
 * -rounded)))).
 */
const relaxedModule = Uint8Array.from([
  0x00,
  0x61,
  0x73,
  0x6d,
  0x01,
  0x00,
  0x00,
  0x00, // magic, version 1
  0x01,
  0x05,
  0x01,
  0x60,
  0x00,
  0x01,
  0x7d, // types: [] -> [f32]
  0x03,
  0x02,
  0x01,
  0x00, // functions: one of type 0
  0x07,
  0x05,
  0x01,
  0x01,
  0x66,
  0x00,
  0x00, // exports: f
  0x0a,
  0x40,
  0x01,
  0x3e,
  0x00, // code: one body of 62 bytes, no locals
  ...vector(x),
  ...vector(x),
  ...vector(minusSquare),
  0xfd,
  0x85,
  0x02, // f32x4.relaxed_madd
  0xfd,
  0x1f,
  0x00,
  0x0b, // f32x4.extract_lane 0, end
]);

/** True if this Node compiles relaxed SIMD: Node 22 and newer by default, Node 20 with a flag. */
export function hasRelaxedSimd(): boolean {
  if (WebAssembly.validate(relaxedModule)) return true;
  setFlagsFromString('--experimental-wasm-relaxed-simd');
  return WebAssembly.validate(relaxedModule);
}

/** Versions of V8 whose joined vectors were tested: Node 24 to 26. An untested one might end the process. */
const wideVersions = [13, 14];

/**
 * True if this Node can join neighbouring 128-bit operations into 256-bit ones. Node is built for it on x64 except on
 * macOS. It needs AVX2, which processors with fused multiply-add have.
 */
export function hasWideSimd(): boolean {
  return wideVersions.includes(Number.parseInt(process.versions.v8)) && isForWideSimd();
}

/**
 * True if a newer Node would join them on this machine, and this Node, with the given version of V8, does not. Needs
 * relaxed SIMD.
 */
export const isTooOldForWideSimd = (v8: string): boolean =>
  Number.parseInt(v8) < Math.min(...wideVersions) && isForWideSimd();

const isForWideSimd = (): boolean => process.arch === 'x64' && process.platform !== 'darwin' && hasFusedMultiplyAdd();

function hasFusedMultiplyAdd(): boolean {
  const {exports} = new WebAssembly.Instance(new WebAssembly.Module(relaxedModule));
  return (exports['f'] as () => number)() !== 0;
}

/** The compiled kernels. */
export async function compileKernels({relaxedSimd, wideSimd}: Features): Promise<WebAssembly.Module> {
  const name = wideSimd ? 'kernels-wide' : relaxedSimd ? 'kernels-relaxed' : 'kernels';
  const file = new URL(`../dist/${name}.wasm`, import.meta.url);
  const binary = await readFile(file).catch((cause: unknown) => {
    throw new Error(
      `${fileURLToPath(file)} cannot be read: reinstall gan-plugin-wasm, or in its sources run npm run build`,
      {cause},
    );
  });
  return wideSimd ? compileWide(binary) : WebAssembly.compile(binary);
}

/**
 * Compiles every function at once and for good, so that the flags, which are experimental in V8, reach this module
 * only. Inlining would ask for the counts of calls that only functions compiled twice have.
 */
function compileWide(binary: Uint8Array<ArrayBuffer>): WebAssembly.Module {
  const flags = ['experimental-wasm-revectorize', 'no-liftoff', 'no-wasm-lazy-compilation', 'no-wasm-inlining'];
  flags.forEach((flag) => setFlagsFromString(`--${flag}`));
  try {
    return new WebAssembly.Module(binary);
  } finally {
    flags.forEach((flag) => setFlagsFromString(flag.startsWith('no-') ? `--${flag.slice(3)}` : `--no-${flag}`));
  }
}
