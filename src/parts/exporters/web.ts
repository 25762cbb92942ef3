import type {Gan} from '../../plugin/index.js';
import {cardOptions, dtypeOption} from './options.js';

/** A static folder for any web server, or one file that opens from disk. */
export default ({exporter, exports, opt, GanError}: Gan) =>
  exporter({
    name: 'web',
    summary:
      'A folder with a web page that runs the generator in the browser, on WebGPU or WASM; put it on any web server.',
    options: {
      singleFile: opt.bool(false, {help: 'write one HTML file, which opens from disk without a web server'}),
      dtype: dtypeOption(opt),
      ...cardOptions(opt),
    },
    create: ({singleFile, dtype, ...card}) => ({
      async write(run, out) {
        await exports.assertNew(out);
        const {pageFiles, singlePage} = await import('./web/files.js');
        const options = {title: card.title, dtype};
        if (singleFile) {
          await exports.writeFile(out, await singlePage(run, options, {exports, GanError}));
          return [out];
        }
        const readme = await run.card({...card, usage});
        return exports.writeFolder(out, new Map([...(await pageFiles(run, options, {exports, GanError})), ...readme]));
      },
    }),
  });

const usage = `Put the folder on any web server and open index.html, or try it here:

\`\`\`sh
npx serve
\`\`\``;
