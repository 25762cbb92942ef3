import type {Gan, TracedNetwork} from '../../plugin/index.js';
import {networkOption, networksOf} from './graph/networks.js';

/** ONNX models; docs/exports.md has their inputs, outputs and metadata. */
export default ({exporter, exports, opt}: Gan) =>
  exporter({
    name: 'onnx',
    summary: 'ONNX models (opset 17, images [batch, channels, height, width]) for onnxruntime and others.',
    options: {network: networkOption(opt, 'a folder with generator.onnx and critic.onnx')},
    create: ({network}) => ({
      extension: network === 'both' ? undefined : '.onnx',
      async write(run, out) {
        const traced = await exports.trace(run, networksOf(network));
        const models = await Promise.all(
          traced.map(async (one): Promise<[string, Uint8Array]> => [
            `${one.facts.network}.onnx`,
            await model(one, exports),
          ]),
        );
        if (network === 'both') return exports.writeFolder(out, new Map(models));
        await exports.writeFile(out, models[0]![1]);
        return [out];
      },
    }),
  });

async function model({graph, facts, input, output}: TracedNetwork, exports: Gan['exports']): Promise<Uint8Array> {
  const {toOnnx} = await import('./onnx/write.js');
  const doc = `The ${facts.network} of the run ${facts.run} (${facts.checkpoint}), a generative adversarial network.`;
  const metadata = Object.fromEntries(
    Object.entries(facts).map(([key, value]) => [key, typeof value === 'string' ? value : JSON.stringify(value)]),
  );
  const names = {name: facts.network, input, output};
  return toOnnx(graph, {...names, doc, metadata: {...metadata, layout: 'NCHW'}}, exports);
}
