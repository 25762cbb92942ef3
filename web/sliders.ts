/** A slider for each number of the latent; normal numbers beyond 3 are rare. */
export function makeSliders(parent: HTMLElement, count: number, changed: (axis: number, value: number) => void): {set(values: Float32Array): void} {
  const rows = Array.from({length: count}, (_, axis) => {
    const label = document.createElement('label');
    const name = document.createElement('span');
    const slider = document.createElement('input');
    const value = document.createElement('output');
    name.textContent = String(axis + 1);
    Object.assign(slider, {type: 'range', min: '-3', max: '3', step: '0.01'});
    slider.setAttribute('aria-label', `Number ${axis + 1} of the latent`);
    slider.addEventListener('input', () => {
      value.textContent = Number(slider.value).toFixed(2);
      changed(axis, Number(slider.value));
    });
    label.append(name, slider, value);
    parent.append(label);
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
