/** Checks that results which are not kept are freed. */
import {tf} from '../../../backends/tf.js';
import {demand, type Check} from '../check.js';
import {smallTraining} from '../small-training.js';

export const memory: Check[] = [
  {
    group: 'memory',
    title: 'a tensor counts while it lives, in bytes too',
    async run(session) {
      const device = await session.device();
      const before = device.memory();
      const tensor = tf.fill([256, 1024], 1);
      await tensor.data();
      const during = device.memory();
      tensor.dispose();
      const after = device.memory();
      demand(during.tensors === before.tensors + 1, `${during.tensors - before.tensors} tensors more, wanted 1`);
      demand(
        during.bytes >= before.bytes + 2 ** 20,
        `${during.bytes - before.bytes} bytes more, wanted at least 1 MiB`,
      );
      demand(
        after.tensors === before.tensors && after.bytes === before.bytes,
        `afterwards ${after.tensors - before.tensors} tensors and ${after.bytes - before.bytes} bytes are left`,
      );
      return [];
    },
  },
  {
    group: 'memory',
    title: 'gradients of gradients leave nothing',
    async run(session) {
      const device = await session.device();
      const x = tf.tensor1d([1, 2, 3]);
      const once = () => tf.dispose(tf.grad((v) => tf.sum(tf.square(tf.grad((u) => tf.sum(tf.tanh(u)))(v))))(x));
      once();
      const before = device.memory();
      for (let i = 0; i < 5; i++) once();
      const after = device.memory();
      x.dispose();
      demand(
        after.tensors === before.tensors && after.bytes === before.bytes,
        `${after.tensors - before.tensors} tensors and ${after.bytes - before.bytes} bytes are left after 5 of them`,
      );
      return [];
    },
  },
  {
    group: 'memory',
    title: 'twenty training steps leave tensors and bytes as they were',
    async run(session) {
      const device = await session.device();
      const samples: {tensors: number; bytes: number}[] = [];
      const {dispose} = await smallTraining({
        steps: 24,
        afterStep: async () => {
          await device.sync();
          samples.push(device.memory());
        },
      });
      dispose();
      // the first steps make the optimiser's averages and fill a backend's caches; steps of the same network are
      // compared
      const [early, late] = [samples[3]!, samples[23]!];
      demand(late.tensors === early.tensors, `${late.tensors - early.tensors} tensors more after 20 steps`);
      demand(late.bytes <= early.bytes, `${late.bytes - early.bytes} bytes more after 20 steps`);
      return [];
    },
  },
];
