import {ok, warning, type Finding} from '../context.js';

const magic = [0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0];

/** The smallest modules that need a feature (after GoogleChromeLabs/wasm-feature-detect, Apache-2.0). */
const features = {
  // (func (result v128) i32.const 0 i8x16.splat i8x16.popcnt)
  SIMD: [...magic, 1, 5, 1, 0x60, 0, 1, 0x7b, 3, 2, 1, 0, 10, 10, 1, 8, 0, 0x41, 0, 0xfd, 0x0f, 0xfd, 0x62, 0x0b],
  // (memory 1 1 shared) (func i32.const 0 i32.atomic.load drop)
  threads: [
    ...magic,
    1,
    4,
    1,
    0x60,
    0,
    0,
    3,
    2,
    1,
    0,
    5,
    4,
    1,
    3,
    1,
    1,
    10,
    11,
    1,
    9,
    0,
    0x41,
    0,
    0xfe,
    0x10,
    2,
    0,
    0x1a,
    0x0b,
  ],
  // (func (result v128) ... i8x16.relaxed_swizzle)
  'relaxed SIMD': [
    ...magic,
    1,
    5,
    1,
    0x60,
    0,
    1,
    0x7b,
    3,
    2,
    1,
    0,
    10,
    15,
    1,
    13,
    0,
    0x41,
    1,
    0xfd,
    0x0f,
    0x41,
    2,
    0xfd,
    0x0f,
    0xfd,
    0x80,
    2,
    0x0b,
  ],
} as const;

export type WasmFeature = keyof typeof features;
export const wasmFeatures = Object.keys(features) as WasmFeature[];

/** What is used of WebAssembly: its types come with those of browsers, which this package does without. */
const {WebAssembly} = globalThis as unknown as {WebAssembly: {validate(bytes: Uint8Array): boolean}};

export const hasFeature = (feature: WasmFeature): boolean => WebAssembly.validate(Uint8Array.from(features[feature]));

/** What this Node's WebAssembly can do. Whether the wasm backend runs without one is for its probe to say. */
export function checkWasm(has: (feature: WasmFeature) => boolean = hasFeature): Finding[] {
  const there = wasmFeatures.filter(has);
  if (!there.includes('SIMD'))
    return [warning('webassembly', 'no SIMD', 'run a Node for a processor with SIMD (x64 with SSE4.1, or arm64)')];
  const missing = wasmFeatures.filter((feature) => !there.includes(feature));
  return [
    ok(
      'webassembly',
      `${there.join(', ')}${missing.length === 0 ? '' : `; missing without a flag: ${missing.join(', ')} (newer versions of Node have it)`}`,
    ),
  ];
}
