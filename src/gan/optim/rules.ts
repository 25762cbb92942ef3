import {Optimizer, type OptimizerFactory, type RuleCoefficients, type UpdateRule} from './optimizer.js';

interface Common {
  /** Weight decay. */
  wd?: number;
  /** Decay apart from the gradient (arXiv 1711.05101), the default; or added to it. */
  decoupleWd?: boolean;
}
export interface SgdOptions extends Common {
  /** Momentum, without damping. */
  mom?: number;
}
export interface RmsPropOptions extends Common {
  mom?: number;
  /** Share of the old average of squares. */
  sqrMom?: number;
  /** Added to the root of the average. */
  eps?: number;
}
export interface AdamOptions extends Common {
  mom?: number;
  sqrMom?: number;
  eps?: number;
}

/** No averages: p <- p - g. Each rule is this formula (src/backends/fused/update.ts) with other numbers. */
const plain: RuleCoefficients = {
  momentum: 0,
  dampening: 1,
  squareMomentum: 0,
  squareShare: 0,
  correction: 1,
  eps: 0,
  rate: 1,
};

/**
 * `momentum` is decided when the optimiser is made: a schedule of momentum has no effect on one made without (as in
 * fastai).
 */
const sgdRule = (momentum: boolean): UpdateRule => ({
  name: 'sgd',
  averages: () => (momentum ? ['grad_avg'] : []),
  coefficients: (_step, {lr, mom}) => ({...plain, momentum: mom ?? 0, rate: lr}),
});

const rmsPropRule = (momentum: boolean): UpdateRule => ({
  name: 'rmsprop',
  averages: () => (momentum ? ['grad_avg', 'sqr_avg'] : ['sqr_avg']),
  coefficients: (_step, {lr, mom, sqrMom, eps}) => ({
    ...plain,
    momentum: mom ?? 0,
    squareMomentum: sqrMom!,
    squareShare: 1 - sqrMom!,
    eps: eps!,
    rate: lr,
  }),
});

const adamRule: UpdateRule = {
  name: 'adam',
  averages: () => ['grad_avg', 'sqr_avg'],
  coefficients: (step, {lr, mom, sqrMom, eps}) => ({
    momentum: mom!,
    dampening: 1 - mom!,
    squareMomentum: sqrMom!,
    squareShare: 1 - sqrMom!,
    correction: 1 / (1 - sqrMom! ** step),
    eps: eps!,
    rate: lr / (1 - mom! ** step),
  }),
};

/** Stochastic gradient descent: a <- mom a + g; p <- p - lr a (fastai's SGD). */
export function sgd({mom = 0, wd = 0, decoupleWd = true}: SgdOptions = {}): OptimizerFactory {
  return (groups, lr) => new Optimizer(groups, sgdRule(mom !== 0), {lr, mom, wd}, {decoupleWd});
}

/**
 * RMSProp without bias correction: s <- sqrMom s + (1 - sqrMom) g^2; p <- p - lr g / (sqrt(s) + eps) (fastai's RMSProp,
 * which ignores the eps it is given; here it counts). The very first update is 10 lr in size.
 */
export function rmsProp({
  mom = 0,
  sqrMom = 0.99,
  eps = 1e-8,
  wd = 0,
  decoupleWd = true,
}: RmsPropOptions = {}): OptimizerFactory {
  return (groups, lr) => new Optimizer(groups, rmsPropRule(mom !== 0), {lr, mom, sqrMom, eps, wd}, {decoupleWd});
}

/** Adam (arXiv 1412.6980) with fastai's defaults; its weight decay of 0.01 applies to GANs too unless it is set. */
export function adam({
  mom = 0.9,
  sqrMom = 0.99,
  eps = 1e-5,
  wd = 0.01,
  decoupleWd = true,
}: AdamOptions = {}): OptimizerFactory {
  return (groups, lr) => new Optimizer(groups, adamRule, {lr, mom, sqrMom, eps, wd}, {decoupleWd});
}
