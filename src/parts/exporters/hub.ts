import type {Gan} from '../../plugin/index.js';
import {cardOptions, dtypeOption} from './options.js';

/** A folder as the Hugging Face hub has models, which gan can draw from. */
export default ({exporter, exports, opt, GanError}: Gan) =>
  exporter({
    name: 'hub',
    summary:
      'A folder in the layout of the Hugging Face hub: model card, weights, configuration, samples; `gan generate` and `gan push` take it.',
    options: {
      page: opt.bool(false, {help: 'also the web page that draws pictures, as one file: index.html'}),
      dtype: dtypeOption(opt),
      ...cardOptions(opt),
    },
    create: ({page, dtype, ...card}) => ({
      async write(run, out) {
        await exports.assertNew(out);
        const files = new Map([...(await run.card({...card, usage})), ...run.model(dtype)]);
        if (page) {
          const {singlePage} = await import('./web/files.js');
          files.set('index.html', await singlePage(run, {title: card.title, dtype}, {exports, GanError}));
        }
        return exports.writeFolder(out, files);
      },
    }),
  });

const usage = `With [Node](https://nodejs.org) and the npm package gankit, in this folder. On the command line:

\`\`\`sh
gan generate . --n 16 --seed 1 --out images.png
\`\`\`

In a program:

\`\`\`js
import {loadRun, samplePicture, writePng} from 'gankit';

const run = loadRun('.');
await writePng('images.png', samplePicture(await run.generate({n: 16, seed: 1})));
await run.close();
\`\`\`

model.safetensors holds both networks by the names and in the layout of PyTorch. \`gan fit DATA --init model.safetensors\` begins
a training from these weights.`;
