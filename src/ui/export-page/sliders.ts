import {h} from '../page/dom.js';

/** A slider for each number of the latent; normal numbers beyond 3 are rare. */
export function makeSliders(
  parent: HTMLElement,
  count: number,
  changed: (axis: number, value: number) => void,
): {set(values: Float32Array): void} {
  const rows = Array.from({length: count}, (_, axis) => {
    const value = h('output');
    const moved = (): void => {
      value.textContent = slider.valueAsNumber.toFixed(2);
      changed(axis, slider.valueAsNumber);
    };
    const slider = h('input', {
      type: 'range',
      min: -3,
      max: 3,
      step: 0.01,
      'aria-label': `Number ${axis + 1} of the latent`,
      input: moved,
    });
    parent.append(h('label', {}, h('span', {}, String(axis + 1)), slider, value));
    return {slider, value};
  });
  return {
    set(values) {
      rows.forEach(({slider, value}, axis) => {
        slider.value = String(values[axis]);
        value.textContent = values[axis]!.toFixed(2);
      });
    },
  };
}
