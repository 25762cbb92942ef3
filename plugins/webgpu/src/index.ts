import type {Gan} from 'gankit/plugin';
import {probe} from './probe.js';

/** The GPU by WebGPU: tfjs-backend-webgpu on Dawn. */
export default ({backend, opt, tf, GanError, kernels}: Gan) =>
  backend({
    name: 'webgpu',
    summary: 'The GPU, through WebGPU (Vulkan, Metal, Direct3D 12).',
    priority: 200,
    needsGpu: true,
    options: {
      device: opt.str(undefined, {
        help: 'which GPU: its number in the list of gan backends, or a part of its name; --device does the same',
      }),
      powerPreference: opt.oneOf(['high-performance', 'low-power'], 'high-performance', {
        help: 'which GPU to prefer when device names none',
      }),
      precision: opt.oneOf(['fp32', 'fp16'], 'fp32', {
        changesResults: true,
        help: 'how convolutions multiply: in float32, or factors rounded to float16, which not every GPU can; --precision does the same',
      }),
      software: opt.bool(false, {
        help: 'accept an adapter that computes on the CPU; GAN_WEBGPU_SOFTWARE=1 does the same',
      }),
    },
    create(options) {
      const wanted = {
        ...options,
        software: options.software || options.device !== undefined || process.env['GAN_WEBGPU_SOFTWARE'] === '1',
      };
      return {
        probe: () => probe(wanted),
        open: async () => (await import('./open.js')).open(wanted, {tf, GanError, kernels}),
      };
    },
  });
