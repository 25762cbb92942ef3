import type {Gan, TracedNetwork, WeightType} from '../../plugin/index.js';
import {networkOption, networksOf} from './graph/networks.js';
import {cardOptions, dtypeOption} from './options.js';

/** ONNX models; docs/exports.md has their inputs, outputs and metadata. */
export default ({exporter, exports, opt}: Gan) =>
  exporter({
    name: 'onnx',
    summary: 'ONNX models (opset 17, images [batch, channels, height, width]) for onnxruntime and others.',
    options: {
      network: networkOption(opt, 'a folder with generator.onnx and critic.onnx'),
      dtype: dtypeOption(opt),
      ...cardOptions(opt),
    },
    create: ({network, dtype, ...card}) => ({
      extension: network === 'both' ? undefined : '.onnx',
      async write(run, out) {
        const folderFiles =
          network === 'both'
            ? await run.card({
                ...card,
                usage: usageOf(run.config.latent, run.classes && exports.classNames(run.classes).length),
              })
            : undefined;
        const traced = await exports.trace(run, networksOf(network));
        const models = await Promise.all(
          traced.map(async (one): Promise<[string, Uint8Array]> => [
            `${one.facts.network}.onnx`,
            await model(one, exports, dtype),
          ]),
        );
        if (folderFiles) return exports.writeFolder(out, new Map([...models, ...folderFiles]));
        await exports.writeFile(out, models[0]![1]);
        return [out];
      },
    }),
  });

const usageOf = (
  latent: number,
  classes: number | undefined,
): string => `With [onnxruntime](https://onnxruntime.ai), such as onnxruntime-node:

\`\`\`js
import * as ort from 'onnxruntime-node';

const session = await ort.InferenceSession.create('generator.onnx');
const normal = () => Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random());
const latent = new ort.Tensor('float32', Float32Array.from({length: ${latent}}, normal), [1, ${latent}]);
${
  classes
    ? `const classes = new ort.Tensor('float32', Float32Array.from({length: ${classes}}, (_, i) => (i === 0 ? 1 : 0)), [1, ${classes}]); // 1 at the class: here the first
const {image} = await session.run({latent, classes})`
    : 'const {image} = await session.run({latent})'
}; // [1, channels, height, width], from -1 to 1
\`\`\``;

async function model(
  {graph, facts, input, labels, output}: TracedNetwork,
  exports: Gan['exports'],
  dtype: WeightType,
): Promise<Uint8Array> {
  const {toOnnx} = await import('./onnx/write.js');
  const doc = `The ${facts.network} of the run ${facts.run} (${facts.checkpoint}), a generative adversarial network.`;
  const metadata = Object.fromEntries(
    Object.entries(facts).map(([key, value]) => [key, typeof value === 'string' ? value : JSON.stringify(value)]),
  );
  const names = {name: facts.network, input, labels, output};
  return toOnnx(graph, {...names, doc, metadata: {...metadata, layout: 'NCHW'}, dtype}, exports);
}
