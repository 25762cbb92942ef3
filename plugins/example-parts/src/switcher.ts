import type {Gan, Switcher} from 'gankit/plugin';

/** A function from what happened to whose turn it is. `save` and `load` are for what it remembers. */
export default ({switcher, opt}: Gan) =>
  switcher({
    name: 'every-nth',
    summary: 'Trains the generator in every nth step.',
    options: {n: opt.int(3, {min: 2, help: 'number of steps from one generator step to the next'})},
    create: ({n}) => {
      let steps = 0;
      const next: Switcher = () => ((steps += 1) % n === n - 1 ? 'generator' : 'critic');
      return Object.assign(next, {
        save: () => ({steps}),
        load: (state: unknown) => ({steps} = state as {steps: number}),
      });
    },
  });
