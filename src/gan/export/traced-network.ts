/** The networks of a run, ready to be written in a format. */
import path from 'node:path';
import {tf, type Tensor} from '../../backends/tf.js';
import type {Module} from '../module.js';
import {rowCount, rowNames} from '../classes.js';
import {Rng} from '../rng.js';
import type {TrainedRun} from './trained-run.js';
import {Normalization} from '../data/normalize.js';
import {ExportError} from './export-error.js';
import {folded} from './fold.js';
import type {Graph, Id} from './graph.js';
import {runGraph} from './run-graph.js';
import {traceGraph, type TraceOptions} from './trace-graph.js';
import {version} from './version.js';

export type NetworkName = 'generator' | 'critic';

/** The facts that a reader of an exported network needs. */
export interface NetworkFacts {
  network: NetworkName;
  architecture: string;
  /** Length of a latent. */
  latentSize: number;
  /** Of a conditional network: names of the classes, in the order of its second input. */
  classes?: readonly string[];
  /** Side of the square images, in pixels. */
  imageSize: number;
  channels: number;
  /** Pixels in [0, 1] are (value * std + mean), for each channel. */
  mean: readonly number[];
  std: readonly number[];
  /** The run's folder and the checkpoint in it. */
  run: string;
  checkpoint: string;
  /** The versions of this program and of tfjs. */
  gan: string;
  tfjs: string;
}

export interface TracedNetwork {
  graph: Graph;
  facts: NetworkFacts;
  /** Names of the input and the output in the formats; of a conditional network, of its second input, too. */
  input: string;
  labels?: string;
  output: string;
}

/** How far an exported network may be from the library's, of the largest value. */
const tolerance = 1e-4;

/**
 * Networks of a run as graphs, with the weights of the chosen checkpoint and in eval mode. Each graph was run once
 * beside the network that it came from.
 * @throws ExportError (exit 2) with the layers that cannot be in a graph
 */
export async function traceNetworks(run: TrainedRun, names: readonly NetworkName[]): Promise<TracedNetwork[]> {
  const networks = await run.networks();
  const traced: TracedNetwork[] = [];
  for (const name of names) {
    const {size, channels, latent} = run.config;
    const itemShape = name === 'generator' ? [latent] : [size, size, channels];
    const classes = run.classes && networks[name].takesLabels ? rowCount(run.classes) : undefined;
    const graph = await graphOf(networks[name], itemShape, {subject: `The ${name}`, classes});
    traced.push({
      graph,
      facts: factsOf(run, name, classes !== undefined),
      ...(classes !== undefined && {labels: 'classes'}),
      ...(name === 'generator' ? {input: 'latent', output: 'image'} : {input: 'image', output: 'score'}),
    });
  }
  return traced;
}

/**
 * A network in eval mode as a graph with folded weights.
 * @param itemShape of one item of its input
 */
export async function graphOf(
  network: Module,
  itemShape: readonly number[],
  {subject = 'this network', classes}: TraceOptions = {},
): Promise<Graph> {
  const graph = folded(await traceGraph(network, itemShape, {subject, classes}));
  const far = await distance(graph, network, itemShape, classes);
  if (!(far <= tolerance))
    throw new ExportError(
      [
        {
          path: '',
          layer: network.kind,
          what: `a single image gives other values than a batch: values differ by ${far.toExponential(1)}`,
        },
      ],
      subject,
    );
  return graph;
}

/**
 * Largest difference between graph and network for one item, which no trace has seen, as a part of the largest value.
 */
async function distance(
  graph: Graph,
  network: Module,
  itemShape: readonly number[],
  classes: number | undefined,
): Promise<number> {
  const constants = new Map<Id, Tensor>(
    [...graph.constants].map(([id, {data, shape, dtype}]) => [id, tf.tensor(data, shape, dtype as 'float32')]),
  );
  const shape = [1, ...itemShape];
  const input = tf.tensor(new Rng(0).fork('check').normal(shape.reduce((a, b) => a * b, 1)), shape, 'float32');
  const labels =
    classes === undefined ? [] : [tf.tensor2d(new Rng(0).fork('check labels').uniform(classes), [1, classes])];
  const results = [
    () => runGraph(tf.engine(), graph, constants, input, ...labels),
    () => network.forward(input, ...labels),
  ].map((run) => tf.tidy(() => tf.clone(run())));
  try {
    const [got, wanted] = (await Promise.all(results.map((each) => each.data<'float32'>()))) as [
      Float32Array,
      Float32Array,
    ];
    if (results[0]!.shape.join() !== results[1]!.shape.join()) return Infinity;
    const largest = wanted.reduce((max, value) => Math.max(max, Math.abs(value)), 1e-3);
    return wanted.reduce((max, value, i) => Math.max(max, Math.abs(got[i]! - value) / largest), 0);
  } finally {
    tf.dispose([...results, input, ...labels, ...constants.values()]);
  }
}

function factsOf(
  {name, config, checkpoint, classes}: TrainedRun,
  network: NetworkName,
  takesLabels: boolean,
): NetworkFacts {
  const {mean, std} = Normalization.symmetric(config.channels);
  return {
    network,
    architecture: config.arch.name,
    latentSize: config.latent,
    ...(classes && takesLabels && {classes: rowNames(classes)}),
    imageSize: config.size,
    channels: config.channels,
    mean,
    std,
    run: name,
    checkpoint: path.basename(checkpoint),
    gan: version,
    tfjs: tf.version_core,
  };
}
