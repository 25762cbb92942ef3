import type {Gan} from '../../plugin/index.js';
import {networkOption, networksOf} from './graph/networks.js';

/** Graph models for `tf.loadGraphModel`. */
export default ({exporter, exports, opt}: Gan) =>
  exporter({
    name: 'tfjs',
    summary:
      'A folder with a TensorFlow.js graph model (images [batch, height, width, channels]), for tf.loadGraphModel.',
    options: {network: networkOption(opt, 'the folders generator and critic in --out')},
    create: ({network}) => ({
      async write(run, out) {
        await exports.assertNew(out);
        const {toTfjs} = await import('./tfjs/write.js');
        const files = new Map<string, Uint8Array>();
        for (const {graph, facts, input, output} of await exports.trace(run, networksOf(network))) {
          const metadata = {...facts, layout: 'NHWC'};
          const model = toTfjs(graph, {name: facts.network, input, output, metadata}, exports);
          for (const [name, data] of model) files.set(network === 'both' ? `${facts.network}/${name}` : name, data);
        }
        return exports.writeFolder(out, files);
      },
    }),
  });
