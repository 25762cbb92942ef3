/** What the recipes `light` and `quick` share; they differ in size, pace and length. */
export const lightTraining = {
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
  batchSize: 16,
  wd: 0,
  switchEval: false,
};

/** Where that is from. */
export const lightSource =
  'relativistic pairing loss with R1 (arXiv 2501.05441) in each fourth step (arXiv 1912.04958, appendix B), pixel norm and minibatch standard deviation of arXiv 1710.10196, an averaged generator (arXiv 2006.06676, appendix D), the resampling filter of arXiv 1912.04958';
