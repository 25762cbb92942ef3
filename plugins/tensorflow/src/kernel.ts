import type {KernelBackend, NamedAttrMap, NamedTensorInfoMap, TensorInfo} from '@tensorflow/tfjs-core';

/** An attribute of a TensorFlow operation; the types are numbers of the binding. */
export interface OperationAttribute {
  name: string;
  type: number;
  value: boolean | number | string | number[];
}

/** The parts of tfjs-node's backend that are used. */
export interface NodeBackend extends KernelBackend {
  binding: Record<'TF_FLOAT' | 'TF_ATTR_TYPE' | 'TF_ATTR_INT' | 'TF_ATTR_STRING' | 'TF_ATTR_BOOL', number>;
  executeSingleOutput(name: string, attributes: OperationAttribute[], inputs: TensorInfo[]): TensorInfo;
  executeMultipleOutputs(
    name: string,
    attributes: OperationAttribute[],
    inputs: TensorInfo[],
    count: number,
  ): TensorInfo[];
}

/** An operation of tfjs, computed by this package. */
export interface Kernel {
  name: string;
  compute(inputs: NamedTensorInfoMap, attrs: NamedAttrMap, backend: NodeBackend): TensorInfo;
}
