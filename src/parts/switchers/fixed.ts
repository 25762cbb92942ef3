import type {Gan} from '../../plugin/index.js';

export default ({switcher, opt, nn}: Gan) =>
  switcher({
    name: 'fixed',
    summary: 'A fixed number of critic steps, then a fixed number of generator steps.',
    options: {
      nCrit: opt.int(1, {min: 1, help: 'critic steps in a row'}),
      nGen: opt.int(1, {min: 1, help: 'generator steps in a row'}),
    },
    create: ({nCrit, nGen}) => nn.fixedSwitcher(nCrit, nGen),
  });
