import type {Gan} from 'gankit/plugin';
import {instructionSets} from './addon.js';
import {probe} from './probe.js';
import {settings} from './settings.js';

/** The CPU backend in C++: the device of gan-plugin-wasm, whose hot kernels are replaced. */
export default ({backend, opt, tf, GanError, kernels, limits}: Gan) =>
  backend({
    name: 'native',
    summary: 'The CPU, through C++ kernels (AMX, AVX-512, AVX2); needs a compiler when it is installed.',
    priority: 150,
    options: {
      threads: opt.int(undefined, {
        min: 1,
        max: 256,
        help: 'number of threads; default: as many as run at once on this machine, or in its container',
      }),
      isa: opt.oneOf(['auto', ...instructionSets], 'auto', {
        help: 'the widest instruction set to use; GAN_NATIVE_ISA does the same',
      }),
      precision: opt.oneOf(['fp32', 'bf16'], 'fp32', {
        changesResults: true,
        help: 'rounding of the factors of matrix products and convolutions',
      }),
    },
    create: (options) => ({
      probe: () => probe(settings(options, limits()), limits()),
      open: async () => (await import('./open.js')).open({tf, GanError, kernels, limits}, settings(options, limits())),
    }),
  });
