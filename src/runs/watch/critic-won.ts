import {keptLooks, type Evidence, type FindingKind} from './finding.js';
import {short, sum} from './statistics.js';

/** Share of the way from the loss of a critic that guesses to that of a perfect one which counts as its floor. */
const nearFloor = 0.02;
/** Steps that a generator has to catch up: it begins far behind in healthy trainings, too. */
const generatorSteps = 200;

/**
 * The critic tells all real from all generated images, and its loss is at its floor, for many steps of the generator:
 * what it teaches vanishes (arXiv 1701.04862). A loss without a floor, such as Wasserstein's, is not judged: there a
 * critic that is far ahead is what the method asks for (arXiv 1701.07875, section 3).
 */
export const criticWon: FindingKind = {
  name: 'critic-won',
  what: 'the critic has won',
  begins: 2,
  ends: 2,
  judge({looks, levels}) {
    const {scores, critic} = looks.at(-1)!;
    const {floor, chance} = levels ?? {};
    if (floor === undefined || chance === undefined || !critic)
      return {state: 'unclear', measured: 'the loss has no floor'};
    const shareLeft = ({median}: {median: number}): number => (median - floor) / (chance - floor);
    const isAhead = (look: Evidence['looks'][number]): boolean =>
      told(look.scores) >= 0.99 && look.critic !== undefined && shareLeft(look.critic) <= nearFloor;
    const ahead = looks.slice(looks.findLastIndex((look) => !isAhead(look)) + 1);
    const steps = sum(ahead.map(({generator}) => generator?.count ?? 0));
    const isIll = ahead.length === keptLooks || steps >= generatorSteps;
    return {
      state: isIll ? 'ill' : shareLeft(critic) >= 3 * nearFloor ? 'well' : 'unclear',
      measured: `for ${steps} steps of the generator it has ranked ${short(100 * told(scores))} % of the pairs of a real and a generated image right, and its loss is ${short(100 * shareLeft(critic))} % of what guessing costs`,
    };
  },
  advise: ({penalty, lr, criticLr, augment}) => [
    `--critic-lr ${short((criticLr ?? lr) / 4)}`,
    ...(penalty.length > 0 ? [] : ['--penalty r1']),
    ...(augment.some(({name}) => name === 'translation') ? [] : ['--augment color,translation,cutout']),
  ],
};

/** Share of pairs on the right side, whichever that is. */
const told = ({realAbove}: Evidence['looks'][number]['scores']): number => Math.max(realAbove, 1 - realAbove);
