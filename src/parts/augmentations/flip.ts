import type {Gan} from '../../plugin/index.js';

export default ({augmentation, opt}: Gan) =>
  augmentation({
    name: 'flip',
    summary: 'Mirrors some of the images from left to right.',
    options: {p: opt.num(0.5, {min: 0, max: 1, help: 'probability'})},
    create:
      ({p}) =>
      (data, [height = 0, width = 0, channels = 0], rng) => {
        if (rng.float() >= p) return data;
        const flipped = data.slice();
        for (let y = 0; y < height; y++) {
          for (let x = 0; x < width; x++) {
            const [from, to] = [(y * width + x) * channels, (y * width + width - 1 - x) * channels];
            for (let c = 0; c < channels; c++) flipped[to + c] = data[from + c]!;
          }
        }
        return flipped;
      },
  });
