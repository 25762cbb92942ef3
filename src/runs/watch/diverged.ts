import type {FindingKind} from './finding.js';
import type {Losses, Look} from './look.js';
import {median, short} from './statistics.js';

/** Growth of a network's weights over `horizon` looks that no learning rate which works brings about. */
const weightGrowth = 4;
const horizon = 5;
/** Growth of losses, or of their oscillation, over what they were in the looks before. */
const lossGrowth = 10;

/** How far the losses of a look are from the usual ones: the shift of their median and their own spread. */
const excursion = ({median: value, spread}: Losses, usual: number): number => Math.abs(value - usual) + spread;

/** Size of the losses of a look beside that of the looks before it; 1 when there are too few to say. */
function growthOf(looks: readonly Look[], network: 'critic' | 'generator'): number {
  const losses = looks.flatMap((look) => look[network] ?? []);
  const [now, before] = [losses.at(-1), losses.slice(0, -1).slice(-12, -1)];
  if (!now || before.length < horizon) return 1;
  const usual = median(before.map(({median: value}) => value));
  const size = median(before.map((each) => Math.abs(each.median) + each.spread));
  return excursion(now, usual) / Math.max(size, 1e-3);
}

/**
 * Weights or losses explode: weights have grown several times within a few looks, or losses, or their oscillation, are
 * an order of magnitude above what they were. Values that are not finite end a run at once and are no finding.
 */
export const diverged: FindingKind = {
  name: 'diverged',
  what: 'the training diverges',
  begins: 2,
  ends: 4,
  judge({looks, start}) {
    const networks = ['critic', 'generator'] as const;
    const now = looks.at(-1)!;
    const then = looks.at(-1 - horizon)?.weights ?? start ?? looks[0]!.weights;
    const all = networks.flatMap((network) => [
      {of: `the ${network}'s weights`, growth: now.weights[network] / then[network], most: weightGrowth},
      {of: `the ${network}'s losses`, growth: growthOf(looks, network), most: lossGrowth},
    ]);
    const worst = all.reduce((a, b) => (b.growth / b.most > a.growth / a.most ? b : a));
    const share = worst.growth / worst.most;
    return {
      state: share >= 1 ? 'ill' : share < 0.5 ? 'well' : 'unclear',
      measured: `${worst.of} are ${short(worst.growth)} times as large as ${looks.length > horizon ? `${horizon} looks before` : 'at first'}`,
    };
  },
  advise: ({lr, criticLr = lr, loss, penalty}) => [
    // two rates far apart: the high one is to blame
    criticLr > 4 * lr ? `--critic-lr ${short(lr)}` : `--lr ${short(lr / 4)} --critic-lr ${short(criticLr / 4)}`,
    ...(penalty.length > 0 ? [] : [loss.name === 'wgan' ? '--clip 0.01' : '--penalty r1']),
  ],
};
