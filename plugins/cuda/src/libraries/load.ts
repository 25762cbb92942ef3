import path from 'node:path';
import {blasSignatures, type BlasFunctions} from '../blas/signatures.js';
import {nvrtcSignatures, type NvrtcFunctions} from '../compile/signatures.js';
import {dnnDetails, dnnSignatures, type DnnFunctions} from '../dnn/signatures.js';
import type {Library} from '../native/koffi.js';
import type {Chosen} from './find.js';
import {entries} from './folders.js';
import {titles} from './names.js';

/** The libraries in this process. */
export interface Loaded {
  nvrtc: NvrtcFunctions;
  blas: BlasFunctions;
  dnn: DnnFunctions;
}

/**
 * Libraries that others load later by name, and would not find outside the loader's folders. The order respects their
 * dependencies.
 */
const partsOfCudnn = [
  'graph',
  'ops',
  'ops_infer',
  'ops_train',
  'ext',
  'engines_precompiled',
  'engines_runtime_compiled',
  'engines_tensor_ir',
  'heuristic',
  'cnn',
  'cnn_infer',
  'cnn_train',
];

/** Files to be loaded before a library so that it finds them, those that there are. */
export function companions({nvrtc, cublasLt, cudnn}: Chosen): Record<'nvrtc' | 'cublasLt' | 'cudnn', string[]> {
  const beside = (file: string, names: readonly RegExp[]): string[] => {
    const folder = path.dirname(file);
    const present = entries(folder);
    return names
      .flatMap((name) => present.filter((entry) => name.test(entry)).slice(0, 1))
      .map((entry) => path.join(folder, entry));
  };
  const [version = ''] = /\d+$/.exec(cudnn) ?? [];
  return {
    nvrtc: beside(nvrtc, [/^libnvrtc-builtins\.so\.\d+\.\d+$/, /^nvrtc-builtins64_\d+\.dll$/]),
    cublasLt: [],
    // cuDNN 8 is linked to cuBLAS
    cudnn: [
      ...beside(cublasLt, [/^libcublas\.so\.1\d$/, /^cublas64_1\d\.dll$/]),
      ...beside(
        cudnn,
        partsOfCudnn.flatMap((part) => [
          new RegExp(`^libcudnn_${part}\\.so\\.${version}$`),
          new RegExp(`^cudnn_${part}64_\\d\\.dll$`),
        ]),
      ),
    ],
  };
}

const isNinth = ({cudnn}: Chosen): boolean => !/(so\.|64_)8(\.dll)?$/.test(cudnn);

/**
 * Loads the libraries, each after what it will look for.
 * @throws Error that names the library, its file and the loader's reason
 */
export function loadLibraries(chosen: Chosen, load: (file: string) => Library): Loaded {
  const before = companions(chosen);
  const open = (name: 'nvrtc' | 'cublasLt' | 'cudnn'): Library => {
    for (const file of before[name]) {
      try {
        load(file);
      } catch {
        // the library itself may find another one, or say what is wrong
      }
    }
    try {
      return load(chosen[name]);
    } catch (error) {
      throw new Error(
        `${titles[name]} does not load from ${chosen[name]}: ${error instanceof Error ? error.message : String(error)}`,
        {cause: error},
      );
    }
  };
  const [nvrtc, blas, dnn] = [open('nvrtc'), open('cublasLt'), open('cudnn')];
  return {
    nvrtc: nvrtc.bind(nvrtcSignatures),
    blas: blas.bind(blasSignatures),
    dnn: {...dnn.bind(dnnSignatures), ...(isNinth(chosen) && dnn.bind(dnnDetails))},
  };
}
