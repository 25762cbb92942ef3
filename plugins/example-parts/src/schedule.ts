import type {Gan} from 'gankit/plugin';

/** What the learning rate is multiplied by, from how far the training is. */
export default ({schedule, opt}: Gan) =>
  schedule({
    name: 'stairs',
    summary: 'The learning rate goes down in steps.',
    options: {
      steps: opt.int(3, {min: 1, help: 'how many steps in the training'}),
      factor: opt.num(0.5, {min: 0, max: 1, help: 'what of it is left after each'}),
    },
    create:
      ({steps, factor}) =>
      ({position}) =>
        factor ** Math.floor(position * (steps + 1)),
  });
