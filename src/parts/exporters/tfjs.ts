import {assertNew, writeNewFolder} from '../../gan/io/atomic-folder.js';
import type {Gan} from '../../plugin/index.js';

/** Graph models for `tf.loadGraphModel`. */
export default ({exporter, opt}: Gan) =>
  exporter({
    name: 'tfjs',
    summary:
      'A folder with a TensorFlow.js graph model (images [batch, height, width, channels]), for tf.loadGraphModel.',
    options: {
      network: opt.oneOf(['generator', 'critic', 'both'], 'generator', {
        help: 'network to write; both: the folders generator and critic in --out',
      }),
    },
    create: ({network}) => ({
      async write(run, out) {
        await assertNew(out);
        const [{toTfjs}, {networkNames, traceNetworks, version}] = await Promise.all([
          import('../../gan/export/tfjs/write.js'),
          import('../../gan/export/traced-network.js'),
        ]);
        const files = new Map<string, Uint8Array>();
        for (const {graph, facts, input, output} of await traceNetworks(run, networkNames(network))) {
          const model = toTfjs(graph, {
            name: facts.network,
            input,
            output,
            version,
            metadata: {...facts, layout: 'NHWC'},
          });
          for (const [name, data] of model) files.set(network === 'both' ? `${facts.network}/${name}` : name, data);
        }
        return writeNewFolder(out, files);
      },
    }),
  });
