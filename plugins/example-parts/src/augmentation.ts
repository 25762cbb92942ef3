import type {Gan} from 'gankit/plugin';

/** A new array of the same type; the old one may be in a cache. Bytes are 0 to 255, floats -1 to 1. */
export default ({augmentation, opt}: Gan) =>
  augmentation({
    name: 'brightness',
    summary: 'Makes images darker or lighter.',
    options: {amount: opt.num(0.1, {min: 0, max: 1, help: 'largest change, as a share of the whole range'})},
    create:
      ({amount}) =>
      (data, _shape, rng) => {
        const shift = amount * (2 * rng.float() - 1);
        if (data instanceof Uint8Array)
          return data.map((value) => Math.min(255, Math.max(0, Math.round(value + 255 * shift))));
        return data.map((value) => Math.min(1, Math.max(-1, value + 2 * shift)));
      },
  });
