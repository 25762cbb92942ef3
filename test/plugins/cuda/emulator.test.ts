/** The emulator finds what it is there to find, and the kernels do not depend on what a card leaves open. */
import {expect} from 'chai';
import type {KernelArg, KernelSource} from '../../../plugins/cuda/src/gpu.js';
import {compileEmulator} from './emulator/compile.js';
import {computations} from './emulator/computations.js';
import {emulatorName} from './emulator/index.js';
import {openLibrary, type EmulatorLibrary, type Order} from './emulator/library.js';
import {needsCompiler, on, withEmulator} from './emulator/support.js';

/** Kernels with one fault each, and one without. */
const faulty: KernelSource[] = [
  {
    name: 'faulty',
    text: `
#define KERNEL_COUNT 64
KERNEL void beyond(int *y) { y[threadIdx.x] = 1; }
KERNEL void diverging(int *y) {
  if (threadIdx.x % 2) return;
  __syncthreads();
  y[threadIdx.x] = 1;
}
KERNEL void racing(int *y) {
  __shared__ int shared[KERNEL_COUNT];
  shared[threadIdx.x] = threadIdx.x;
  y[threadIdx.x] = shared[KERNEL_COUNT - 1 - threadIdx.x];
  __syncthreads();
}
KERNEL void sound(int *y, float add, long long count) {
  __shared__ int shared[KERNEL_COUNT];
  shared[threadIdx.x] = threadIdx.x;
  __syncthreads();
  if (threadIdx.x < count) y[threadIdx.x] = shared[KERNEL_COUNT - 1 - threadIdx.x] + (int)add;
}
`,
  },
];

const orders: readonly Order[] = ['forwards', 'backwards', 'mixed'];

describe('cuda: the emulator', function () {
  this.timeout(300_000); // building it takes 10 s on two cores, longer on a busy machine
  needsCompiler();
  let library: EmulatorLibrary;
  let y: bigint;
  before(async () => {
    library = openLibrary(await compileEmulator(faulty));
  });
  beforeEach(() => {
    y = library.allocate(64 * 4);
  });
  afterEach(() => library.free(y));
  const launch = (
    entry: string,
    threads: number,
    order: Order = 'forwards',
    more: readonly KernelArg[] = [],
  ): Int32Array => {
    library.launch('faulty', entry, [1, 1, 1, threads, 1, 1], [{type: 'pointer', value: y}, ...more], order);
    const values = new Int32Array(64);
    library.read(y, new Uint8Array(values.buffer));
    return values;
  };
  const sound: readonly KernelArg[] = [
    {type: 'f32', value: 2},
    {type: 'u64', value: 64n},
  ];

  it('runs a sound kernel alike in every order', () => {
    for (const order of orders)
      expect(Array.from(launch('sound', 64, order, sound))).to.deep.equal(Array.from({length: 64}, (_, i) => 65 - i));
  });
  it('names a kernel that writes beyond its array', () => {
    expect(() => launch('beyond', 65)).to.throw('beyond wrote outside of an array of 256 bytes');
  });
  it('names a kernel of which some threads end while others wait, and goes on', () => {
    expect(() => launch('diverging', 64)).to.throw(
      'diverging: 32 of 64 threads of a block ended while the others wait',
    );
    expect(launch('sound', 64, 'forwards', sound)[0]).to.equal(65);
  });
  it('shows a missing barrier by results that depend on the order', () => {
    expect(launch('racing', 64, 'forwards')).to.not.deep.equal(launch('racing', 64, 'backwards'));
  });
  it('compares the arguments of a launch with the parameters', () => {
    expect(() => launch('sound', 64, 'forwards', [...sound].reverse())).to.throw(
      'the arguments are of the kinds pif, the parameters pfi',
    );
    expect(() => launch('sound', 64, 'forwards', [sound[0]!, {type: 'i32', value: 64}])).to.throw(
      'argument 2 has 4 bytes, the parameter 8',
    );
    expect(() => launch('nothing', 64)).to.throw('no kernel nothing');
  });
  it('refuses a grid that no card takes', () => {
    expect(() => launch('beyond', 1025)).to.throw('no card takes such a grid');
  });
});

describe('cuda: kernels on the emulator give the same bits', function () {
  this.timeout(300_000); // building it takes 10 s on two cores, longer on a busy machine
  const device = withEmulator();
  for (const [what, compute] of computations) {
    it(`in every order of blocks and threads, and with indices of 64 bits: ${what}`, async () => {
      const {emulation} = device();
      const bits = async (order: Order, wideIndices: boolean): Promise<number[][]> => {
        Object.assign(emulation, {order, wideIndices});
        return (await on(emulatorName, compute)).map(({values}) => values);
      };
      const first = await bits('forwards', false);
      for (const order of orders) expect(await bits(order, order === 'mixed')).to.deep.equal(first);
    });
  }
});
