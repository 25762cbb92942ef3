import type {Gan} from '../../plugin/index.js';

export default ({recipe}: Gan) =>
  recipe({
    name: 'r1',
    summary: 'Binary cross-entropy with the R1 penalty on real images, one step each.',
    create: () => ({
      source:
        'arXiv 1801.04406, section 4: RMSProp with a learning rate of 0.0001 and a share of 0.99 of the old average, gamma 10, batches of 64, alternating steps, no normalisation. Networks of arXiv 1511.06434 in the place of ResNets; no average of the generator',
      values: {
        arch: {name: 'basic', criticActivation: 'leaky', criticNorm: 'none'},
        loss: 'bce',
        penalty: {name: 'r1', gamma: 10},
        opt: {name: 'rmsprop', mom: 0, sqrMom: 0.99},
        switcher: {name: 'fixed', nCrit: 1, nGen: 1},
        size: 64,
        batchSize: 64,
        lr: 1e-4,
        wd: 0,
        switchEval: false,
      },
    }),
  });
