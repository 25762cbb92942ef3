/**
 * A device with fixed addresses, over the cpu backend: what `DeviceCapture` asks for, done in the plainest way. A
 * recording is the list of kernels with the very arrays that they read and wrote; a launch runs them on those arrays
 * again. So a step comes out right only if the library keeps everything where the recording found it.
 */
import type {DataId, KernelConfig, NamedTensorInfoMap, TensorInfo, TypedArray} from '@tensorflow/tfjs-core';
import {coefficientNames} from '../../../dist/backends/fused/update.js';
import type {DeviceCapture, DeviceRecording} from '../../../dist/backends/device.js';
import {tf} from '../../../dist/backends/tf.js';

type Arrays = ReturnType<typeof tf.backend> & {data: {get(id: DataId): {values: TypedArray}}};

const backend = (): Arrays => tf.backend() as Arrays;
const values = ({dataId}: {dataId: DataId}): TypedArray => backend().data.get(dataId).values;
const infosOf = (inputs: NamedTensorInfoMap): TensorInfo[] =>
  Object.values(inputs).filter((info) => info !== undefined);

export class FixedAddresses implements DeviceCapture {
  /** How often recordings were made and launched. */
  records = 0;
  launches = 0;
  #log: (() => void)[] | undefined;

  record(run: () => void): DeviceRecording {
    const log: (() => void)[] = (this.#log = []);
    const before = new Map<DataId, TypedArray>();
    const reserved: DataId[] = [];
    const kernels = tf.getKernelsForBackend(tf.getBackend()).map((config) => ({config, kernelFunc: config.kernelFunc}));
    const [write, read] = [backend().write, backend().readSync];
    let depth = 0;
    const keep = (dataId: DataId): void => {
      backend().incRef(dataId);
      reserved.push(dataId);
    };
    for (const {config, kernelFunc} of kernels)
      config.kernelFunc = (call) => {
        if (depth > 0) return kernelFunc(call);
        for (const info of infosOf(call.inputs))
          if (!before.has(info.dataId)) before.set(info.dataId, values(info).slice());
        depth++;
        const result = kernelFunc(call);
        depth--;
        const given = copyInfos(call.inputs);
        const outputs = [result].flat().map((info) => ({...info}));
        for (const {dataId} of outputs) if (!before.has(dataId)) keep(dataId);
        log.push(() => launchKernel(kernelFunc, {...call, inputs: given}, outputs));
        return result;
      };
    const forbid =
      (what: string, method: (...args: never[]) => unknown) =>
      (...args: unknown[]) => {
        if (depth === 0) throw new Error(`${what} while a step is recorded`);
        return (method as (...args: unknown[]) => unknown).apply(backend(), args);
      };
    Object.assign(backend(), {write: forbid('an upload', write), readSync: forbid('a read', read)});
    try {
      run();
    } finally {
      for (const {config, kernelFunc} of kernels) config.kernelFunc = kernelFunc;
      Object.assign(backend(), {write, readSync: read});
      this.#log = undefined;
      // what was recorded is not done
      for (const [dataId, old] of before) if (backend().refCount(dataId) > 0) values({dataId}).set(old);
    }
    this.records++;
    return {
      launch: () => {
        const ids = backend().numDataIds();
        for (const again of log) again();
        if (backend().numDataIds() !== ids) throw new Error('a launch has allocated');
        this.launches++;
      },
      dispose: () => reserved.forEach((dataId) => backend().disposeData(dataId)),
    };
  }

  copy(from: TensorInfo, to: TensorInfo): void {
    if (from.dtype !== to.dtype || from.shape.join() !== to.shape.join())
      throw new Error('a copy between tensors of different shapes');
    const [source, target] = [{...from}, {...to}];
    const now = (): void => void values(target).set(values(source));
    if (this.#log) this.#log.push(now);
    else now();
  }

  allocate(shape: number[], dtype: TensorInfo['dtype']): TensorInfo {
    if (this.#log) throw new Error('an allocation while a step is recorded');
    const array = new Float32Array(tf.util.sizeFromShape(shape)).fill(NaN);
    return {dataId: backend().write(dtype === 'float32' ? array : Int32Array.from(array), shape, dtype), shape, dtype};
  }
}

const copyInfos = (inputs: NamedTensorInfoMap): NamedTensorInfoMap => {
  const copied = Object.entries(inputs).map(([name, info]): [string, TensorInfo] => [
    name,
    (info && {dataId: info.dataId, shape: info.shape, dtype: info.dtype})!,
  ]);
  return Array.isArray(inputs)
    ? (copied.map(([, info]) => info) as unknown as NamedTensorInfoMap)
    : Object.fromEntries(copied);
};

function launchKernel(
  kernelFunc: KernelConfig['kernelFunc'],
  call: Parameters<KernelConfig['kernelFunc']>[0],
  outputs: readonly TensorInfo[],
): void {
  [kernelFunc(call)].flat().forEach((info, i) => {
    if (info.dataId !== outputs[i]!.dataId) values(outputs[i]!).set(values(info));
    backend().disposeData(info.dataId);
  });
}

/**
 * `OptimizerUpdate` for the cpu backend, with float64 between its float32 results as there; writes in place where it
 * may.
 */
export const updateKernel: KernelConfig = {
  kernelName: 'OptimizerUpdate',
  backendName: 'cpu',
  kernelFunc: ({inputs, attrs}) => {
    const {sets, inPlace} = attrs as unknown as {sets: number[]; inPlace?: boolean};
    const table = values(inputs['coefficients']!);
    const round = Math.fround;
    return sets.flatMap((set, i) => {
      const row = Object.fromEntries(
        coefficientNames.map((name, k) => [name, table[set * coefficientNames.length + k]!]),
      ) as Record<(typeof coefficientNames)[number], number>;
      const [value, gradient, average, squares] = ['value', 'gradient', 'grad_avg', 'sqr_avg'].map(
        (name) => inputs[`${name}${i}`],
      );
      const [p, g, a, s] = [value, gradient, average, squares].map((info) => info && values(info));
      const results = [value, average, squares].map(
        (info) => info && (inPlace ? values(info) : new Float32Array(values(info).length)),
      );
      for (let k = 0; k < p!.length; k++) {
        const slope = round(g![k]! + round(p![k]! * row.decay));
        let direction = slope;
        if (a) direction = results[1]![k] = round(round(a[k]! * row.momentum) + round(slope * row.dampening));
        if (s) {
          const square = (results[2]![k] = round(
            round(s[k]! * row.squareMomentum) + round(round(slope * slope) * row.squareShare),
          ));
          direction = round(direction / round(round(Math.sqrt(round(square * row.correction))) + row.eps));
        }
        results[0]![k] = Math.min(
          Math.max(round(round(p![k]! * row.keep) - round(direction * row.rate)), -row.bound),
          row.bound,
        );
      }
      return [value, average, squares].flatMap((info, k) => {
        if (!info) return [];
        if (!inPlace)
          return {
            dataId: backend().write(results[k]!, info.shape, 'float32'),
            shape: info.shape,
            dtype: 'float32' as const,
          };
        backend().incRef(info.dataId);
        return {dataId: info.dataId, shape: info.shape, dtype: info.dtype};
      });
    });
  },
};

/** How often `blendKernel` wrote in place. */
export const blends = {inPlace: 0};

/** `Blend` for the cpu backend; writes in place where it may. */
export const blendKernel: KernelConfig = {
  kernelName: 'Blend',
  backendName: 'cpu',
  kernelFunc: ({inputs, attrs}) => {
    const {keep, share, inPlace} = attrs as unknown as {keep: number[]; share: number[]; inPlace?: boolean};
    const round = Math.fround;
    return keep.map((_, i) => {
      const [old, next] = ['old', 'next'].map((name) => (inputs as Record<string, TensorInfo>)[`${name}${i}`]!);
      const [from, to] = [values(old!), values(next!)];
      const result = inPlace ? from : new Float32Array(from.length);
      from.forEach((value, k) => (result[k] = round(round(value * keep[i]!) + round(to[k]! * share[i]!))));
      const {shape} = old!;
      if (!inPlace) return {dataId: backend().write(result, shape, 'float32'), shape, dtype: 'float32'};
      blends.inPlace++;
      backend().incRef(old!.dataId);
      return {dataId: old!.dataId, shape, dtype: 'float32'};
    });
  },
};
