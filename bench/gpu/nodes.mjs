// What a captured critic step and generator step of fastai's WGAN hand to a card: nodes of the CUDA graph, bytes and
// arithmetic operations, and the least time that these take on an H200. Computed, not measured: the backend runs on a driver
// that does nothing.
//
//     node bench/gpu/nodes.mjs [SIZE=64] [BATCH=128] [PRECISION=tf32] [FOLDER of the plug-in=plugins/cuda] [OPTIONS]
//
// OPTIONS are more of the learner's, as JSON: '{"gradClip": 1}'.
//
// The bytes of a node are those of the arrays that it is given, each counted once: what it has to read or write at least,
// where the cache keeps nothing from node to node.
import path from 'node:path';
import {pathToFileURL} from 'node:url';
import {GanError, registerKernels, setSeed, tf} from '../../dist/index.js';
import {setDeviceCapture} from '../../dist/backends/capture/device-replay.js';
import {wganLearner} from '../training/wgan.mjs';

const [size = 64, batch = 128] = process.argv.slice(2, 4).map(Number);
const [precision = 'tf32', plugin = 'plugins/cuda', options = '{}'] = process.argv.slice(4);
const load = (file) => import(pathToFileURL(path.resolve(plugin, 'dist', file)).href);
const [{CudaDevice}, {Driver}, {Nvrtc}, {Faults}, {opened}, {DiskCache}] = await Promise.all(
  ['device.js', 'driver/driver.js', 'compile/nvrtc.js', 'faults.js', 'open.js', 'cache/disk-cache.js'].map(load),
);

/** NVIDIA's data sheet of the H200 SXM, dense: bytes and operations in a second. */
const card = {bytes: 4.8e12, flops: {fp32: 67e12, tf32: 494e12, bf16: 989e12}[precision]};

let next = 1n << 20n;
/** Addresses that cannot be mistaken for sizes. */
const address = (bytes = 256) => {
  const at = (1n << 46n) + next;
  next += ((BigInt(bytes) + 255n) / 256n) * 256n;
  return at;
};
const put = (at, value) => void (at[0] = at instanceof BigUint64Array ? BigInt(value) : Number(value));
/** Functions of a library that do nothing but what is said here, and hand out handles. */
const library = (own) =>
  new Proxy(own, {
    get:
      (_, name) =>
      (...args) => {
        if (own[name]) return own[name](...args) ?? 0;
        if (/Create$|Create\w|Retain$|LoadData$|GetFunction$|Instantiate|EndCapture/.test(name))
          for (const arg of args) if (arg instanceof BigUint64Array) put(arg, address());
        return 0;
      },
  });
const driverApi = library({
  cuDriverGetVersion: (at) => put(at, 13_000),
  cuDeviceGetCount: (at) => put(at, 1),
  cuDeviceTotalMem_v2: (at) => put(at, 141 * 2 ** 30),
  cuDeviceGetAttribute: (at, which) => put(at, {8: 49152, 16: 132, 75: 9, 76: 0}[which] ?? 0),
  cuMemGetInfo_v2: (free, total) => [free, total].forEach((at) => put(at, 141 * 2 ** 30)),
  cuMemAlloc_v2: (at, bytes) => put(at, address(Number(bytes))),
  cuMemHostAlloc: (at, bytes) => put(at, address(Number(bytes))),
});
const found = (count, results) => {
  put(count, 1);
  new DataView(results.buffer).setInt32(24, 1, true); // deterministic, no workspace
};
const dnnApi = library({
  ...Object.fromEntries(
    ['Forward', 'BackwardData', 'BackwardFilter'].flatMap((kind) => [
      [`cudnnFindConvolution${kind}AlgorithmEx`, (...args) => found(args[9], args[10])],
      [`cudnnConvolution${kind}`, (...args) => noted('cuDNN', [args[3], args[5], args[12]])],
    ]),
  ),
});
const blasApi = library({
  cublasLtMatmulAlgoGetHeuristic: (...args) => put(args[9], 1),
  cublasLtMatmul: (...args) => noted('cuBLASLt', [args[3], args[5], args[8]]),
});

/** Sizes of the arrays by their addresses. */
const arrays = new Map();
const steps = [];
let flops = 0;
function noted(kind, addresses) {
  if (!device.recording) return;
  const bytes = [...new Set(addresses)].reduce((sum, at) => sum + (arrays.get(at) ?? 0), 0);
  steps.at(-1).push({kind, bytes, flops});
  flops = 0;
}

const driver = new Driver(driverApi, {view: (_, bytes) => new ArrayBuffer(bytes), text: () => ''});
const facts = driver.devices()[0];
const device = new CudaDevice({
  driver,
  nvrtc: new Nvrtc(library({nvrtcGetErrorString: () => ''}), () => 0n),
  target: {option: 'sm_90', form: 'cubin'},
  blas: blasApi,
  dnn: dnnApi,
  facts,
  precision,
  cache: new DiskCache('/dev/null/none'),
  faults: new Faults(GanError),
  addressOf: () => 0n,
  waitForEach: false,
});
const {allocator} = device;
for (const name of ['take', 'takeForUpload']) {
  const take = allocator[name].bind(allocator);
  allocator[name] = (bytes) => {
    const block = take(bytes);
    arrays.set(block.address, bytes);
    return block;
  };
}
/** The addresses among the arguments of a kernel, those in structs included. */
const addressesIn = (args) =>
  args.flatMap((arg) => {
    if (arg.type === 'pointer') return [arg.value];
    if (arg.type !== 'struct' || arg.bytes.length % 8 !== 0) return [];
    return [...new BigUint64Array(arg.bytes.slice().buffer)].filter((word) => arrays.has(word));
  });
const over = (name, before) => {
  const call = device[name].bind(device);
  device[name] = (...args) => {
    before(...args);
    return call(...args);
  };
};
/** Arrays of which a kernel reads but a row. */
const rowOnly = {'batch-norm: statistics': 1};
over('launch', ({source, entry, grid, args}) => {
  const kind = `${source.name.split('/')[0]}: ${entry}`;
  const addresses = addressesIn(args).filter((_, i) => i !== rowOnly[kind]);
  if (!grid.includes(0)) noted(kind, addresses);
});
over(
  'copy',
  (from, to, bytes) => bytes > 0 && device.recording && steps.at(-1).push({kind: 'copy', bytes: 2 * bytes, flops: 0}),
);
over(
  'fill',
  (at, _, count) => count > 0 && device.recording && steps.at(-1).push({kind: 'fill', bytes: 4 * count, flops: 0}),
);
over('timed', (part, operations) => (flops = operations || flops));
over('record', () => {
  steps.push([]);
  flops = 0; // of what was computed before
});

const own = opened({tf, kernels: {register: registerKernels}}, device, driver, {});
await tf.setBackend(own.tfBackend);
setDeviceCapture(own.capture);
setSeed(42);
const learn = wganLearner({size, batch, steps: () => 24}, JSON.parse(options));
await learn.fit(1);
if (learn.capture.refusals.length > 0) throw new Error(learn.capture.refusals.join('; '));

const total = (nodes, of) => nodes.reduce((sum, node) => sum + of(node), 0);
const least = ({bytes, flops: operations}) => Math.max(bytes / card.bytes, operations / card.flops) * 1e3;
steps.forEach((nodes, i) => {
  console.log(
    `\n${['critic', 'generator'][i] ?? i} step: ${nodes.length} nodes, ${(total(nodes, ({bytes}) => bytes) / 1e9).toFixed(2)} GB, ${(total(nodes, (node) => node.flops) / 1e9).toFixed(0)} GFLOP, at least ${total(nodes, least).toFixed(2)} ms`,
  );
  const kinds =
    Map.groupBy?.(nodes, ({kind}) => kind) ??
    nodes.reduce((map, node) => map.set(node.kind, [...(map.get(node.kind) ?? []), node]), new Map());
  for (const [kind, list] of [...kinds].sort(([, a], [, b]) => total(b, least) - total(a, least)))
    console.log(
      `  ${kind.padEnd(32)}${String(list.length).padStart(4)} ${(total(list, ({bytes}) => bytes) / 1e6).toFixed(1).padStart(8)} MB ${total(list, least).toFixed(3).padStart(8)} ms`,
    );
});
learn.dispose();
