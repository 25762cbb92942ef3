import type {Gan} from '../../plugin/index.js';

export default ({recipe}: Gan) =>
  recipe({
    name: 'light',
    summary: 'The best pictures in half an hour on a processor: small networks without a checkerboard, 64x64.',
    create: () => ({
      source:
        'relativistic pairing loss with R1 (arXiv 2501.05441, equations 1 and 2) in each fourth step (arXiv 1912.04958, appendix B); average of the generator (arXiv 2006.06676, appendix D, ramped to 5 % of the images seen); sizes and rates chosen on builtin:shapes and on emoji',
      values: {
        arch: {name: 'light', criticNorm: 'none', norm: 'pixel'},
        loss: 'relativistic',
        penalty: {name: 'r1', gamma: 0.5, every: 4},
        opt: {name: 'adam', mom: 0, sqrMom: 0.99},
        switcher: {name: 'fixed', nCrit: 1, nGen: 1},
        emaHalfLife: 20_000,
        size: 64,
        batchSize: 32,
        minutes: 30,
        lr: 1e-3,
        wd: 0,
        switchEval: false,
      },
    }),
  });
