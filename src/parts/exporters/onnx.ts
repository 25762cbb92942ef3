import {mkdir} from 'node:fs/promises';
import path from 'node:path';
import type {TracedNetwork} from '../../gan/export/traced-network.js';
import {writeNewFolder} from '../../gan/io/atomic-folder.js';
import {writeFileAtomic} from '../../gan/io/atomic-write.js';
import type {Gan} from '../../plugin/index.js';

/** ONNX models; docs/exports.md has their inputs, outputs and metadata. */
export default ({exporter, opt}: Gan) =>
  exporter({
    name: 'onnx',
    summary: 'ONNX models (opset 17, images [batch, channels, height, width]) for onnxruntime and others.',
    options: {
      network: opt.oneOf(['generator', 'critic', 'both'], 'generator', {
        help: 'network to write; both: a folder with generator.onnx and critic.onnx',
      }),
    },
    create: ({network}) => ({
      async write(run, out) {
        const {networkNames, traceNetworks} = await import('../../gan/export/traced-network.js');
        const traced = await traceNetworks(run, networkNames(network));
        const models = await Promise.all(
          traced.map(async (one): Promise<[string, Uint8Array]> => [`${one.facts.network}.onnx`, await model(one)]),
        );
        if (network === 'both') return writeNewFolder(out, new Map(models));
        await mkdir(path.dirname(path.resolve(out)), {recursive: true});
        await writeFileAtomic(out, models[0]![1]);
        return [out];
      },
    }),
  });

async function model({graph, facts, input, output}: TracedNetwork): Promise<Uint8Array> {
  const [{toOnnx}, {version}] = await Promise.all([
    import('../../gan/export/onnx/write.js'),
    import('../../gan/export/traced-network.js'),
  ]);
  const doc = `The ${facts.network} of the run ${facts.run} (${facts.checkpoint}), a generative adversarial network.`;
  const metadata = Object.fromEntries(
    Object.entries(facts).map(([key, value]) => [key, typeof value === 'string' ? value : JSON.stringify(value)]),
  );
  return toOnnx(graph, {name: facts.network, input, output, doc, version, metadata: {...metadata, layout: 'NCHW'}});
}
