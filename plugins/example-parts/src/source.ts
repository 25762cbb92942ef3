import type {Gan} from 'gankit/plugin';

/**
 * Data that are made up; all randomness is from `rng`, so that a run can be repeated. `{size, read(index)}` would be a
 * finite source.
 */
export default ({source, opt}: Gan) =>
  source({
    name: 'ramps',
    summary: 'Gradients from dark to light, in any direction.',
    options: {contrast: opt.num(0.5, {min: 0, max: 1, help: '1 reaches black and white'})},
    create:
      ({contrast}) =>
      ({height, width, channels}) => ({
        shape: [height, width, channels],
        batch(n, rng) {
          const out = new Float32Array(n * height * width * channels);
          for (let i = 0, at = 0; i < n; i++) {
            const angle = 2 * Math.PI * rng.float();
            const [dx, dy] = [Math.cos(angle), Math.sin(angle)];
            for (let y = 0; y < height; y++) {
              for (let x = 0; x < width; x++) {
                const value = contrast * Math.SQRT1_2 * (dx * ((2 * x) / width - 1) + dy * ((2 * y) / height - 1));
                for (let c = 0; c < channels; c++) out[at++] = value;
              }
            }
          }
          return out;
        },
      }),
  });
