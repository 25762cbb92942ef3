import type {Gan} from '../../plugin/index.js';

export default ({recipe}: Gan) =>
  recipe({
    name: 'light',
    summary: 'Small networks for a processor at 64x64, planned for half an hour.',
    create: () => ({
      source:
        'as recipe quick: relativistic pairing loss with R1 (arXiv 2501.05441) in each fourth step (arXiv 1912.04958, appendix B), pixel norm and minibatch standard deviation of arXiv 1710.10196, an averaged generator (arXiv 2006.06676, appendix D), the resampling filter of arXiv 1912.04958; sizes, learning rate and weight of R1 chosen on builtin:emoji',
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
        emaHalfLife: 20_000,
        size: 64,
        batchSize: 16,
        minutes: 30,
        lr: 1e-3,
        wd: 0,
        switchEval: false,
      },
    }),
  });
