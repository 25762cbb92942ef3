/** What exporters are given: networks as graphs, and files that are there whole or not at all. */
import {mkdir} from 'node:fs/promises';
import path from 'node:path';
import type {GanError} from '../../errors.js';
import {sidesOf, type ImageSize} from '../../options/image-size.js';
import {rowNames, type Classes} from '../classes.js';
import {assertNew, writeNewFolder} from '../io/atomic-folder.js';
import {writeFileAtomic} from '../io/atomic-write.js';
import {halfPrecision, writeSafetensors, type WeightType} from '../io/safetensors.js';
import {permute, type StateDict} from '../module.js';
import {ExportError, type Fault} from './export-error.js';
import type {Graph} from './graph.js';
import {portable} from './portable.js';
import {traceNetworks, type NetworkName, type TracedNetwork} from './traced-network.js';
import type {TrainedRun} from './trained-run.js';
import {version} from './version.js';

export interface ExportTools {
  /** Of this program. */
  version: string;
  /**
   * Networks of a run as graphs, with the weights of the run's checkpoint and in eval mode. Each graph was run once
   * beside its network.
   * @throws GanError GAN_EXPORT_UNSUPPORTED (exit 2) with the layers that cannot be in a graph
   */
  trace(run: TrainedRun, networks: readonly NetworkName[]): Promise<TracedNetwork[]>;
  /**
   * The same graph with tfjs's own kernels in place of the operations of this library, such as `FirResample`.
   * @param kept kernels that stay
   */
  portable(graph: Graph, kept?: ReadonlySet<string>): Graph;
  /**
   * The error GAN_EXPORT_UNSUPPORTED (exit 2): layers that a format cannot have.
   * @param subject what to call the network: `The generator`
   */
  unsupported(layers: readonly Fault[], subject: string): GanError;
  /** Height and width of images, from the size in a configuration or in the facts of a network. */
  sides(size: ImageSize): [height: number, width: number];
  /** A name for each class that the networks of a run tell apart: the last one is of images without a label, if any. */
  classNames(classes: Classes): string[];
  /** A transposed copy: axis i of the result is axis `permutation[i]` of the data. */
  permute(data: Float32Array, shape: readonly number[], permutation: readonly number[]): Float32Array;
  /** Writes a file, and the folders above it, in place of one that is there. */
  writeFile(file: string, data: string | Uint8Array): Promise<void>;
  /**
   * Makes the folder `out` with these files, by their paths inside it.
   * @returns the paths of the files
   * @throws GanError GAN_OUT_EXISTS (exit 2) when there is something already
   */
  writeFolder(out: string, files: ReadonlyMap<string, string | Uint8Array>): Promise<string[]>;
  /** To be called before long work. @throws GanError GAN_OUT_EXISTS (exit 2) when there is something already */
  assertNew(out: string): Promise<void>;
  /**
   * Writes tensors as a safetensors file, and the folders above it.
   * @param type of the weights in the file; default float32
   */
  writeSafetensors(
    file: string,
    tensors: StateDict,
    metadata?: Record<string, string>,
    type?: WeightType,
  ): Promise<void>;
  /**
   * Numbers in half-precision, as their bits.
   * @param name what to call them in an error
   * @throws GanError GAN_HALF_PRECISION (exit 2) for a number of more than 65504
   */
  halfPrecision(name: string, data: Float32Array): Uint16Array;
}

const makeFolderOf = (file: string) => mkdir(path.dirname(path.resolve(file)), {recursive: true});

export const exportTools: ExportTools = {
  version,
  trace: traceNetworks,
  portable,
  unsupported: (layers, subject) => new ExportError(layers, subject),
  sides: sidesOf,
  classNames: rowNames,
  permute,
  async writeFile(file, data) {
    await makeFolderOf(file);
    await writeFileAtomic(file, data);
  },
  writeFolder: writeNewFolder,
  assertNew,
  async writeSafetensors(file, tensors, metadata, type) {
    await makeFolderOf(file);
    await writeSafetensors(file, tensors, metadata, type);
  },
  halfPrecision,
};
