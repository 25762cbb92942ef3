import type {Gan} from '../../plugin/index.js';

export default ({recipe}: Gan) =>
  recipe({
    name: 'points',
    summary: 'Fully connected networks for points (builtin:ring8, builtin:grid25), to see how many modes are found.',
    create: () => ({
      source:
        'relativistic pairing loss with R1 and R2 (arXiv 2501.05441, equations 1 and 2), latents of two numbers as in arXiv 1705.07761; layers, width, rates, weights and steps chosen on builtin:grid25',
      values: {
        arch: {name: 'mlp', layers: 4, width: 256},
        loss: 'relativistic',
        penalty: [
          {name: 'r1', gamma: 0.003},
          {name: 'r2', gamma: 0.003},
        ],
        opt: {name: 'adam', mom: 0.5, sqrMom: 0.99},
        switcher: {name: 'fixed', nCrit: 1, nGen: 1},
        schedule: 'cosine',
        schedules: {
          'penalty.r1.weight': {name: 'cosine', endValue: 0.005},
          'penalty.r2.weight': {name: 'cosine', endValue: 0.005},
        },
        metrics: ['point-modes', 'high-quality'],
        watchEvery: 0, // points that the critic cannot tell apart are the aim, and a mode is a few alike ones
        emaHalfLife: 20_000,
        batchSize: 256,
        latent: 2,
        steps: 24_000,
        lr: 4e-3,
        wd: 0,
        switchEval: false,
      },
    }),
  });
