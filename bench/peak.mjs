// The most that WebAssembly computes on this machine: chains of fused multiply-adds that never leave the registers, on
// each of so many threads at once. Used by bench/kernels.mjs, and by itself:
//
//     node bench/peak.mjs [threads]
import {fork} from 'node:child_process';
import os from 'node:os';
import {pathToFileURL, fileURLToPath} from 'node:url';
import {setFlagsFromString} from 'node:v8';
import {hasRelaxedSimd, hasWideSimd} from '../plugins/wasm/dist/module.js';

/** As many chains as the registers hold: fewer wait for one another, more are spilled. */
const widths = {
  narrow: {chains: 12, flags: []},
  wide: {chains: 20, flags: ['experimental-wasm-revectorize', 'no-liftoff', 'no-wasm-lazy-compilation']},
};
const flopsPerChain = 2 * 4;

/**
 * AssemblyScript: sums in locals, loaded and stored side by side, which is where V8 looks for vectors that it can join.
 */
function source(chains) {
  const each = (text) => Array.from({length: chains}, (_, i) => text.replaceAll('#', i)).join('\n  ');
  return `export function run(n: i32, x: f32, p: usize): void {
  const a = v128.splat<f32>(x), b = v128.splat<f32>(1 - x);
  ${each('let s# = v128.load(p, # * 16);')}
  for (let i = 0; i < n; i++) {
    ${each('s# = f32x4.relaxed_madd(s#, a, b);')}
  }
  ${each('v128.store(p, s#, # * 16);')}
}`;
}

async function compile(chains) {
  const {default: asc} = await import('assemblyscript/asc');
  const {error, binary, stderr} = await asc.compileString(source(chains), {
    optimizeLevel: 3,
    runtime: 'stub',
    enable: ['simd', 'relaxed-simd'],
    noAssert: true,
    initialMemory: 1,
  });
  if (error) throw new Error(stderr.toString());
  return binary;
}

/** GFLOP/s of one thread, the best of several runs. */
function measure(width, binary) {
  const {chains, flags} = widths[width];
  hasRelaxedSimd(); // tells Node 20 to have it
  flags.forEach((flag) => setFlagsFromString(`--${flag}`));
  const {exports} = new WebAssembly.Instance(new WebAssembly.Module(Buffer.from(binary, 'base64')), {
    env: {abort() {}},
  });
  const n = 2e7;
  let best = 0;
  for (let i = 0; i < 7; i++) {
    const start = performance.now();
    exports.run(n, 0.5, 64);
    best = Math.max(best, (n * chains * flopsPerChain) / (performance.now() - start) / 1e6);
  }
  return best;
}

/** GFLOP/s of all threads together, with vectors of 128 bits, and with pairs of them joined where this Node can. */
export async function peak(threads = os.availableParallelism()) {
  const result = {};
  for (const width of hasWideSimd() ? ['narrow', 'wide'] : ['narrow']) {
    const binary = Buffer.from(await compile(widths[width].chains)).toString('base64');
    // processes of their own: the flags would reach every module of this one
    const one = () =>
      new Promise((resolve, reject) =>
        fork(fileURLToPath(import.meta.url), [width, binary])
          .on('message', resolve)
          .on('error', reject),
      );
    const speeds = await Promise.all(Array.from({length: threads}, one));
    result[width] = speeds.reduce((a, b) => a + b, 0);
  }
  return result;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const [what = os.availableParallelism(), binary] = process.argv.slice(2);
  if (what in widths) process.send(measure(what, binary));
  else console.log(await peak(Number(what)));
}
