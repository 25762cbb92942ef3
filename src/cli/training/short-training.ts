import type {RunConfig} from '../../options/run-config.js';

/** Generator steps without which a training shows nothing but noise and blots, whatever the images. */
const fewest = 250;

/**
 * Says that a training is too short to show anything; undefined of one that is not. A switcher that decides by the
 * losses is taken to give the generator each second step.
 * @param steps optimiser steps of both networks, in all
 */
export function shortTraining({switcher}: Pick<RunConfig, 'switcher'>, steps: number): string | undefined {
  const {nCrit = 1, nGen = 1} = (switcher.name === 'fixed' ? switcher.options : {}) as {nCrit?: number; nGen?: number};
  const round = nCrit + nGen;
  const generator = Math.floor((steps * nGen) / round);
  if (generator >= fewest) return undefined;
  const wanted = Math.ceil((2 * fewest * round) / nGen / 100) * 100;
  return (
    `this training is short: of its ${steps} steps the generator takes ${generator}, and draws little but noise before ` +
    `some hundreds. Try --steps ${wanted} or more, or --minutes 15.`
  );
}
