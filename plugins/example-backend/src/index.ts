import type {Gan} from 'gankit/plugin';

/** The cpu backend of tfjs: plain JavaScript, slow, and the same everywhere. */
export default ({backend, tf}: Gan) =>
  backend({
    name: 'cpu',
    summary: 'Plain JavaScript kernels of tfjs; slow, runs everywhere.',
    create: () => ({
      probe: async () => ({ok: true, info: {threads: 1}}),
      async open() {
        await import('@tensorflow/tfjs-backend-cpu'); // registers itself and its kernels with tfjs
        return {tfBackend: 'cpu', info: {threads: 1, tfjs: tf.version_core}};
      },
    }),
  });
