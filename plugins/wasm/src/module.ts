import {readFile} from 'node:fs/promises';
import {fileURLToPath} from 'node:url';
import {setFlagsFromString} from 'node:v8';

/**
 * A module that returns relaxed_madd of three vectors:
 * (func (result v128) (f32x4.relaxed_madd (v128.const ...) (v128.const ...) (v128.const ...))).
 */
const zeroVector = [0xfd, 0x0c, ...new Array<number>(16).fill(0)];
const relaxedModule = Uint8Array.from([
  0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00, // magic, version 1
  0x01, 0x05, 0x01, 0x60, 0x00, 0x01, 0x7b, // types: [] -> [v128]
  0x03, 0x02, 0x01, 0x00, // functions: one of type 0
  0x0a, 0x3d, 0x01, 0x3b, 0x00, // code: one body of 59 bytes, no locals
  ...zeroVector, ...zeroVector, ...zeroVector,
  0xfd, 0x85, 0x02, 0x0b, // f32x4.relaxed_madd, end
]);

/** Whether this Node compiles relaxed SIMD: from 22 on by itself, Node 20 when told to. */
export function hasRelaxedSimd(): boolean {
  if (WebAssembly.validate(relaxedModule)) return true;
  setFlagsFromString('--experimental-wasm-relaxed-simd');
  return WebAssembly.validate(relaxedModule);
}

/** The compiled kernels. */
export async function compileKernels(relaxedSimd: boolean): Promise<WebAssembly.Module> {
  const file = new URL(`../dist/${relaxedSimd ? 'kernels-relaxed' : 'kernels'}.wasm`, import.meta.url);
  const binary = await readFile(file).catch((cause: unknown) => {
    throw new Error(`${fileURLToPath(file)} cannot be read: reinstall gan-plugin-wasm, or in its sources run npm run build`, {cause});
  });
  return WebAssembly.compile(binary);
}
