import type {Gan} from '../../plugin/index.js';
import {dtypeOption} from './options.js';

/** The state_dict of fastai's GANModule, both networks: `generator.1.0.weight` [in, out, kh, kw] and so on. */
export default ({exporter, exports, opt}: Gan) =>
  exporter({
    name: 'safetensors',
    summary: "One file with both networks, in PyTorch's names and layout; fastai and `gan fit --init` can read it.",
    options: {dtype: dtypeOption(opt)},
    create: ({dtype}) => ({
      extension: '.safetensors',
      async write({weights}, out) {
        await exports.writeSafetensors(out, weights, {format: 'pt'}, dtype);
        return [out];
      },
    }),
  });
