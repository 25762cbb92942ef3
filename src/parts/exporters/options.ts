import type {Gan} from '../../plugin/index.js';

type Opt = Gan['opt'];

/** The option of formats that hold weights. */
export const dtypeOption = (opt: Opt) =>
  opt.oneOf(['float32', 'float16'], 'float32', {
    help: 'type of the weights; float16: half the size, and pictures that hardly differ',
  });

/** The options of formats that write a model card, which README.md in the folder is. */
export const cardOptions = (opt: Opt) => ({
  license: opt.str('unknown', {help: 'licence in the model card, as Hugging Face or SPDX call it, such as cc-by-4.0'}),
  title: opt.str(undefined, {help: "title of the model card, and of a page; default: the run's name"}),
});
