/**
 * ONNX models as bytes; field numbers are those of onnx.proto (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto).
 */
import {bytes, encode, float, int, ints, message, string, strings, type Field} from './protobuf.js';

/** Operators are those of this version of the standard set (ONNX 1.12, onnxruntime 1.12 and newer). */
export const opset = 17;
const irVersion = 8;

export type OnnxAttribute = number | string | readonly number[] | {float: number};

export interface OnnxNode {
  name: string;
  op: string;
  inputs: string[];
  outputs: string[];
  attrs: Record<string, OnnxAttribute>;
}

export interface OnnxTensor {
  name: string;
  shape: readonly number[];
  /** Of Uint16Array, the bits of numbers in half-precision. */
  data: Float32Array | Int32Array | Uint8Array | BigInt64Array | Uint16Array;
}

/** A name stands for a size that is known when the model runs. */
export interface OnnxValue {
  name: string;
  shape: readonly (number | string)[];
}

export interface OnnxModel {
  name: string;
  doc: string;
  producer: {name: string; version: string};
  metadata: Readonly<Record<string, string>>;
  nodes: readonly OnnxNode[];
  tensors: readonly OnnxTensor[];
  inputs: readonly OnnxValue[];
  outputs: readonly OnnxValue[];
}

/** ModelProto. */
export function encodeModel({name, doc, producer, metadata, nodes, tensors, inputs, outputs}: OnnxModel): Uint8Array {
  return encode([
    int(1, irVersion),
    string(2, producer.name),
    string(3, producer.version),
    string(6, doc),
    message(7, [
      ...nodes.map(nodeField),
      string(2, name),
      ...tensors.map(tensorField),
      ...inputs.map((value) => valueField(11, value)),
      ...outputs.map((value) => valueField(12, value)),
    ]),
    message(8, [string(1, ''), int(2, opset)]),
    ...Object.entries(metadata).map(([key, value]) => message(14, [string(1, key), string(2, value)])),
  ]);
}

const nodeField = ({name, op, inputs, outputs, attrs}: OnnxNode): Field =>
  message(1, [
    strings(1, inputs),
    strings(2, outputs),
    string(3, name),
    string(4, op),
    ...Object.entries(attrs).map(([key, value]) => attributeField(key, value)),
  ]);

/** AttributeProto, whose type 1 is a float, 2 an integer, 3 a string, 7 integers. */
function attributeField(name: string, value: OnnxAttribute): Field {
  if (typeof value === 'number') return message(5, [string(1, name), int(3, value), int(20, 2)]);
  if (typeof value === 'string') return message(5, [string(1, name), string(4, value), int(20, 3)]);
  if ('float' in value) return message(5, [string(1, name), float(2, value.float), int(20, 1)]);
  return message(5, [string(1, name), ints(8, value), int(20, 7)]);
}

/** TensorProto.DataType of numbers of 32 bits. */
export const float32 = 1;

/** TensorProto.DataType */
const typeOf = (data: OnnxTensor['data']): number => {
  if (data instanceof Float32Array) return float32;
  if (data instanceof Uint16Array) return 10;
  return data instanceof Int32Array ? 6 : data instanceof BigInt64Array ? 7 : 9;
};

const tensorField = ({name, shape, data}: OnnxTensor): Field =>
  message(5, [
    ints(1, shape),
    int(2, typeOf(data)),
    string(8, name),
    bytes(9, new Uint8Array(data.buffer, data.byteOffset, data.byteLength)),
  ]);

const valueField = (field: number, {name, shape}: OnnxValue): Field =>
  message(field, [
    string(1, name),
    message(2, [
      message(1, [
        int(1, 1),
        message(
          2,
          shape.map((size) => message(1, [typeof size === 'number' ? int(1, size) : string(2, size)])),
        ),
      ]),
    ]),
  ]);
