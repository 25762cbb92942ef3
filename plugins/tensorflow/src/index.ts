import type {Gan} from 'gankit/plugin';
import {probe} from './probe.js';

/** TensorFlow by tfjs-node or tfjs-node-gpu, which the user installs. */
export default ({backend, opt, tf, GanError, kernels}: Gan) =>
  backend({
    name: 'tensorflow',
    summary: 'TensorFlow, through @tensorflow/tfjs-node-gpu or @tensorflow/tfjs-node where they are installed.',
    options: {
      package: opt.oneOf(['auto', 'tfjs-node-gpu', 'tfjs-node'], 'auto', {
        help: 'which package; auto: the one for GPUs if it can run',
      }),
    },
    create: (options) => ({
      probe: () => probe(options),
      open: async () => (await import('./open.js')).open(options, {tf, GanError, kernels}),
    }),
  });
