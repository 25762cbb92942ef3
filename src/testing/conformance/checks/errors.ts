/** A failure must be an Error with a reason, must leave nothing behind, and must leave the device usable. */
import {variableGrads} from '../../../backends/fused/variable-grads.js';
import {tf, type Rank, type Tensor} from '../../../backends/tf.js';
import {compareArrays, type Deviation} from '../../golden/compare.js';
import {demand, type Check} from '../check.js';
import {tolerances} from '../tolerance.js';

/** Something that has to fail, and what its message has to contain. */
interface Fault {
  title: string;
  message: RegExp;
  provoke(): unknown;
}

const faults: Fault[] = [
  {
    title: 'matrices that do not fit are refused',
    message: /shape|dimension/i,
    provoke: () => tf.matMul(tf.ones([2, 3]), tf.ones([4, 5])),
  },
  {
    title: 'a filter of another depth is refused',
    message: /depth/i,
    provoke: () => tf.conv2d(tf.ones<Rank.R4>([1, 4, 4, 3]), tf.ones<Rank.R4>([3, 3, 2, 1]), 1, 'same'),
  },
  {
    title: 'shapes that cannot be broadcast are refused',
    message: /broadcast/i,
    provoke: () => tf.add(tf.ones([2, 3]), tf.ones([4, 3])),
  },
  {
    title: 'a kernel that nobody brings is named',
    message: /NoSuchKernel/,
    provoke: () => tf.engine().runKernel('NoSuchKernel', {}),
  },
  // Four terabytes, whose number of bytes is 0 in 32 bits.
  {
    title: 'a tensor that no memory holds is refused',
    message: /out of memory|memory left|allocat|array length/i,
    provoke: () => tf.fill([2 ** 20, 2 ** 20], 1),
  },
  {title: 'an error in a forward pass comes out', message: /on purpose/, provoke: failInForwardPass},
  {
    title: 'a tensor that was disposed of is not read',
    message: /dispose/i,
    provoke: async () => {
      const x = tf.ones([3]);
      x.dispose();
      return x.data();
    },
  },
];

export const errors: Check[] = [
  ...faults.map(({title, message, provoke}): Check => ({
    group: 'errors',
    title,
    async run(session) {
      const device = await session.device();
      const before = device.memory().tensors;
      await expectFault(provoke, message);
      const left = device.memory().tensors - before;
      demand(left === 0, `${left} tensors are left`);
      return stillWorks();
    },
  })),
];

function failInForwardPass(): void {
  const variable = tf.variable(tf.ones([3]));
  try {
    variableGrads(() => {
      tf.square(variable);
      throw new Error('on purpose');
    }, [variable]);
  } finally {
    variable.dispose();
  }
}

async function expectFault(provoke: () => unknown, message: RegExp): Promise<void> {
  tf.engine().startScope();
  try {
    await provoke();
  } catch (error) {
    demand(error instanceof Error, `what was thrown is no Error: ${String(error)}`);
    demand(message.test(error.message), `the message says nothing about ${message.source}: ${error.message}`);
    return;
  } finally {
    tf.engine().endScope();
  }
  throw new Error('nothing was thrown');
}

/** After a fault the device has to compute, gradients included. */
async function stillWorks(): Promise<Deviation[]> {
  const gradient: Tensor = tf.tidy(() => tf.grad((x) => tf.sum(tf.square(x)))(tf.tensor1d([1, -2])));
  const data = (await gradient.data()) as Float32Array;
  gradient.dispose();
  return [compareArrays('a gradient afterwards', data, [2, -4], tolerances.rounded.gradients)];
}
