import type {Gan} from 'gan/plugin';
import {open} from './open.js';
import {probe} from './probe.js';

/** The CPU backend: tfjs-backend-wasm, completed and made faster by kernels of its own. */
export default ({backend, tf}: Gan) => backend({
  name: 'wasm',
  summary: 'The processor, by WebAssembly SIMD; runs everywhere.',
  create: () => ({probe, open: () => open(tf)}),
});
