import type {Gan} from 'gankit/plugin';
import {diagnose, probe} from './probe.js';

/** NVIDIA GPUs by CUDA: kernels of this package, cuDNN and cuBLASLt. */
export default ({backend, opt, tf, GanError, kernels}: Gan) =>
  backend({
    name: 'cuda',
    summary: 'NVIDIA GPUs through CUDA; not yet run on hardware.',
    priority: 300,
    needsGpu: true,
    options: {
      device: opt.str(undefined, {
        help: 'which GPU: its number in the list of gan backends, a part of its name, or its UUID',
      }),
      precision: opt.oneOf(['fp32', 'tf32', 'bf16'], 'tf32', {
        changesResults: true,
        help: 'rounding of the factors of matrix products and convolutions',
      }),
      libs: opt.str(undefined, {
        help: 'folders with the CUDA libraries, searched before all others; GAN_CUDA_LIBS does the same',
      }),
      timeout: opt.num(600, {
        min: 1,
        help: 'seconds after which a GPU that does not finish its work counts as stuck',
      }),
    },
    create: (options) => ({
      probe: () => probe(options),
      diagnose: () => diagnose(options),
      open: async () => (await import('./open.js')).open(options, {tf, GanError, kernels}),
    }),
  });
