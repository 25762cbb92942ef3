/** Exported ONNX models, run by onnxruntime, which is installed apart (test/onnxruntime). */
import {createRequire} from 'node:module';
import path from 'node:path';
import {root} from '../../commands/helpers.js';

export interface OrtTensor {
  data: Float32Array;
  dims: readonly number[];
}

export interface Session {
  inputNames: readonly string[];
  outputNames: readonly string[];
  run(feeds: Record<string, OrtTensor>): Promise<Record<string, OrtTensor>>;
  release(): Promise<void>;
}

export interface Ort {
  InferenceSession: {create(model: Uint8Array, options?: object): Promise<Session>};
  Tensor: new (type: 'float32', data: Float32Array, dims: readonly number[]) => OrtTensor;
}

/** Undefined where it is not installed. */
export function onnxruntime(): Ort | undefined {
  try {
    return createRequire(path.join(root, 'test/onnxruntime/package.json'))('onnxruntime-node') as Ort;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'MODULE_NOT_FOUND') return undefined;
    throw error;
  }
}

/** The model's only output for its only input. */
export async function runOnnx(
  ort: Ort,
  model: Uint8Array,
  data: Float32Array,
  shape: readonly number[],
): Promise<{data: Float32Array; shape: number[]}> {
  const session = await ort.InferenceSession.create(model, {intraOpNumThreads: 1, interOpNumThreads: 1});
  try {
    const results = await session.run({[session.inputNames[0]!]: new ort.Tensor('float32', data, shape)});
    const result = results[session.outputNames[0]!]!;
    return {data: result.data, shape: [...result.dims]};
  } finally {
    await session.release();
  }
}
