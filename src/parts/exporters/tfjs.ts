import type {Gan} from '../../plugin/index.js';
import {networkOption, networksOf} from './graph/networks.js';
import {cardOptions, dtypeOption} from './options.js';

/** Graph models for `tf.loadGraphModel`. */
export default ({exporter, exports, opt}: Gan) =>
  exporter({
    name: 'tfjs',
    summary:
      'A folder with a TensorFlow.js graph model (images [batch, height, width, channels]), for tf.loadGraphModel.',
    options: {
      network: networkOption(opt, 'the folders generator and critic in --out'),
      dtype: dtypeOption(opt),
      ...cardOptions(opt),
    },
    create: ({network, dtype, ...card}) => ({
      async write(run, out) {
        await exports.assertNew(out);
        const {toTfjs} = await import('./tfjs/write.js');
        const usage = usageOf(
          network === 'both' ? 'generator/' : '',
          run.config.latent,
          run.classes && exports.classNames(run.classes).length,
        );
        const files = new Map(await run.card({...card, usage}));
        for (const {graph, facts, input, labels, output} of await exports.trace(run, networksOf(network))) {
          const metadata = {...facts, layout: 'NHWC'};
          const model = toTfjs(graph, {name: facts.network, input, labels, output, metadata, dtype}, exports);
          for (const [name, data] of model) files.set(network === 'both' ? `${facts.network}/${name}` : name, data);
        }
        return exports.writeFolder(out, files);
      },
    }),
  });

const usageOf = (
  folder: string,
  latent: number,
  classes: number | undefined,
): string => `With [TensorFlow.js](https://www.tensorflow.org/js), from a web server:

\`\`\`js
import * as tf from '@tensorflow/tfjs';

const model = await tf.loadGraphModel('${folder}model.json');
${
  classes
    ? `const classes = tf.oneHot(tf.fill([16], 0, 'int32'), ${classes}).toFloat(); // all of the first class
const images = model.predict({latent: tf.randomNormal([16, ${latent}]), classes})`
    : `const images = model.predict(tf.randomNormal([16, ${latent}]))`
}; // [16, height, width, channels], from -1 to 1
\`\`\``;
