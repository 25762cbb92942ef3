import type {Wanted} from './dawn.js';
import type {ListedAdapter} from './adapters.js';

/** An adapter as it is told to another process and to people. */
export interface AdapterFacts {
  name: string;
  vendor: string;
  architecture: string;
  driver: string;
  /** It computes on the processor (SwiftShader, llvmpipe). */
  software: boolean;
  /** It has `shader-f16`. */
  float16: boolean;
  maxBufferBytes: number;
}

/** The result of a search for an adapter: the adapter, or why there is none. */
export type Findings =
  | {found: true; adapter: AdapterFacts; adapters: ListedAdapter[]}
  | {found: false; adapters: ListedAdapter[]; error?: string};

/** The facts of an adapter. */
export function factsOf(name: string, {info, limits, features}: GPUAdapter): AdapterFacts {
  const {vendor, architecture, description, isFallbackAdapter} = info;
  return {
    name,
    vendor,
    architecture,
    driver: description,
    software: isFallbackAdapter || /swiftshader|llvmpipe|lavapipe/i.test(name),
    float16: features.has('shader-f16'),
    maxBufferBytes: Math.min(limits.maxBufferSize, limits.maxStorageBufferBindingSize),
  };
}

/**
 * How convolutions multiply: in float32, or factors rounded to float16, for which the adapter has to have the feature
 * `shader-f16`.
 */
export type Precision = 'fp32' | 'fp16';

/** The options of the backend. */
export interface WebgpuOptions extends Wanted {
  precision: Precision;
  /** Accept an adapter that computes on the processor. */
  software: boolean;
}
