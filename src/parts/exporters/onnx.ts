import {mkdir} from 'node:fs/promises';
import path from 'node:path';
import {toOnnx} from '../../gan/export/onnx/write.js';
import {networkNames, traceNetworks, version, type TracedNetwork} from '../../gan/export/traced-network.js';
import {writeNewFolder} from '../../gan/io/atomic-folder.js';
import {writeFileAtomic} from '../../gan/io/atomic-write.js';
import type {Gan} from '../../plugin/index.js';

/** ONNX models; docs/exports.md has their inputs, outputs and metadata. */
export default ({exporter, opt}: Gan) => exporter({
  name: 'onnx',
  summary: 'ONNX models (opset 17, images [batch, channels, height, width]) for onnxruntime and others.',
  options: {network: opt.oneOf(['generator', 'critic', 'both'], 'generator', {help: 'what to write; both: a folder of generator.onnx and critic.onnx'})},
  create: ({network}) => ({
    async write(run, out) {
      const models = (await traceNetworks(run, networkNames(network))).map((traced): [string, Uint8Array] => [`${traced.facts.network}.onnx`, model(traced)]);
      if (network === 'both') return writeNewFolder(out, new Map(models));
      await mkdir(path.dirname(path.resolve(out)), {recursive: true});
      await writeFileAtomic(out, models[0]![1]);
      return [out];
    },
  }),
});

function model({graph, facts, input, output}: TracedNetwork): Uint8Array {
  const doc = `The ${facts.network} of the run ${facts.run} (${facts.checkpoint}), a generative adversarial network.`;
  const metadata = Object.fromEntries(Object.entries(facts).map(([key, value]) => [key, typeof value === 'string' ? value : JSON.stringify(value)]));
  return toOnnx(graph, {name: facts.network, input, output, doc, version, metadata: {...metadata, layout: 'NCHW'}});
}
