import type {Gan} from '../../plugin/index.js';

export default ({recipe}: Gan) =>
  recipe({
    name: 'quick',
    summary:
      'Small networks at 32x32 for a first look: a minute and a half on two cores, twice that without native kernels.',
    create: () => ({
      source:
        'relativistic pairing loss with R1 (arXiv 2501.05441) in each fourth step (arXiv 1912.04958, appendix B), pixel norm and minibatch standard deviation of arXiv 1710.10196, an averaged generator (arXiv 2006.06676, appendix D), the resampling filter of arXiv 1912.04958; sizes, learning rate, weight of R1 and steps chosen on builtin:shapes',
      values: {
        arch: {
          name: 'light',
          nFeatures: 8,
          nExtraLayers: 1,
          norm: 'pixel',
          criticNorm: 'none',
          stddevGroup: 4,
          resampling: 'fir',
        },
        loss: 'relativistic',
        penalty: [{name: 'r1', gamma: 1, every: 4}],
        opt: {name: 'adam', mom: 0, sqrMom: 0.99},
        switcher: {name: 'fixed', nCrit: 1, nGen: 1},
        schedule: 'linear',
        emaHalfLife: 4000,
        size: 32,
        batchSize: 16,
        steps: 6000,
        lr: 2e-3,
        wd: 0,
        switchEval: false,
      },
    }),
  });
