import type {Gan} from 'gankit/plugin';

/** Returns the factor for the learning rate from the progress of the training. */
export default ({schedule, opt}: Gan) =>
  schedule({
    name: 'stairs',
    summary: 'The learning rate falls in steps.',
    options: {
      steps: opt.int(3, {min: 1, help: 'number of steps during the training'}),
      factor: opt.num(0.5, {min: 0, max: 1, help: 'factor for the learning rate at each step'}),
    },
    create:
      ({steps, factor}) =>
      ({position}) =>
        factor ** Math.floor(position * (steps + 1)),
  });
