import type {Gan} from 'gan/plugin';

/** NVIDIA GPUs by CUDA: kernels of this package, cuDNN and cuBLASLt. */
export default ({backend, opt}: Gan) => backend({
  name: 'cuda',
  summary: 'NVIDIA GPUs by CUDA; not yet run on hardware.',
  options: {
    device: opt.int(0, {min: 0, help: 'which GPU: its number in the list of gan backends'}),
    precision: opt.oneOf(['fp32', 'tf32', 'bf16'], 'tf32', {help: 'what matrix products and convolutions round their factors to'}),
    libs: opt.str(undefined, {help: 'folders with the CUDA libraries, before all others; also GAN_CUDA_LIBS'}),
  },
  create: () => ({
    probe: async () => ({ok: false, why: 'this build of the backend is not complete', fix: 'take another backend'}),
    open: async () => {
      throw new Error('this build of the backend is not complete');
    },
  }),
});
