import type {Gan} from 'gankit/plugin';
import {diagnose} from './diagnose.js';
import {settings} from './settings.js';
import {probe} from './probe.js';

/** The CPU backend: tfjs-backend-wasm, completed and made faster by kernels of its own. */
export default ({backend, opt, tf, GanError, kernels, limits}: Gan) =>
  backend({
    name: 'wasm',
    summary: 'The CPU, through WebAssembly SIMD; runs everywhere.',
    priority: 100,
    options: {
      threads: opt.int(undefined, {
        min: 1,
        max: 256,
        help: 'number of threads; default: as many as run at once on this machine, or in its container',
      }),
      relaxedSimd: opt.bool(true, {help: 'use fused multiply-add where Node has it; changes the last digits'}),
      wideSimd: opt.bool(true, {help: 'use 256-bit vectors where Node can; needs relaxedSimd'}),
    },
    create: (options) => ({
      probe: () => probe(settings(options, limits()), limits()),
      open: async () => (await import('./open.js')).open({tf, GanError, kernels, limits}, settings(options, limits())),
      diagnose,
    }),
  });
