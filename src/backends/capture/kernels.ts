/** Calling recorded kernels on data of the day. */
import type {DataId, KernelConfig, NamedAttrMap, NamedTensorInfoMap, TensorInfo} from '@tensorflow/tfjs-core';
import {tf} from '../tf.js';
import type {KernelCall, View} from './trace.js';

export type Backend = ReturnType<typeof tf.backend>;

/** Where the data of a step lies, by slot. */
export type Places = (DataId | undefined)[];

/** A call, ready to be made as often as wanted. */
export interface ReadyCall {
  call: KernelCall;
  make(places: Places): void;
}

/** @param attrs in place of those of the recording */
export function readyCall(call: KernelCall, backend: Backend, attrs: NamedAttrMap = call.attrs ?? {}): ReadyCall {
  const config: KernelConfig = tf.getKernel(call.name, tf.getBackend());
  const infos: {info: TensorInfo; slot: number}[] = [];
  const info = (view: View | undefined): TensorInfo | undefined => {
    if (!view) return undefined;
    const made = {dataId: {}, shape: view.shape, dtype: view.dtype};
    infos.push({info: made, slot: view.slot});
    return made;
  };
  const inputs = Array.isArray(call.inputs)
    ? call.inputs.map(info)
    : Object.fromEntries(Object.entries(call.inputs).map(([name, view]) => [name, info(view)]));
  const given = {inputs: inputs as NamedTensorInfoMap, attrs, backend};
  const {outputs} = call;
  return {
    call,
    make(places) {
      for (const {info, slot} of infos) info.dataId = places[slot]!;
      const result = config.kernelFunc(given);
      const results = Array.isArray(result) ? result : [result];
      for (let i = 0; i < outputs.length; i++) {
        const {slot, shared} = outputs[i]!;
        const {dataId} = results[i]!;
        if (shared)
          backend.disposeData(dataId); // one reference for each piece of data is enough
        else places[slot] = dataId;
      }
    },
  };
}
