/**
 * The interactive parts of a report: values under the pointer, and the slider over the samples. The report is complete
 * without them.
 */
export const script = `
'use strict';
for (const area of document.querySelectorAll('.area')) {
  const lines = JSON.parse(area.dataset.points), first = Number(area.dataset.first), last = Number(area.dataset.last);
  const figure = area.closest('figure'), cursor = area.querySelector('.cursor');
  const steps = [...new Set(lines.flatMap((line) => line.steps))].sort((a, b) => a - b);
  const format = (value) => { const short = Number(value.toPrecision(4)), size = Math.abs(short); return short === 0 || (size >= 1e-4 && size < 1e7) ? String(short) : short.toExponential(); };
  const before = (sorted, step) => { let i = sorted.length - 1; while (i > 0 && sorted[i] > step) i--; return i; };
  let place = steps.length - 1;
  const show = (at, visible) => {
    place = Math.min(steps.length - 1, Math.max(0, at));
    const step = steps[place];
    lines.forEach((line, i) => { figure.querySelector('[data-value="' + i + '"]').textContent = step < line.steps[0] ? '–' : format(line.values[before(line.steps, step)]); });
    figure.querySelector('[data-step]').textContent = step;
    cursor.hidden = !visible;
    cursor.style.left = (last > first ? (100 * (step - first)) / (last - first) : 50) + '%';
  };
  area.addEventListener('pointermove', (event) => {
    const box = area.getBoundingClientRect();
    show(before(steps, first + ((event.clientX - box.left) / box.width) * (last - first)), true);
  });
  const leave = () => show(steps.length - 1, false);
  area.addEventListener('pointerleave', leave);
  area.addEventListener('blur', leave);
  area.addEventListener('keydown', (event) => {
    const by = {ArrowLeft: -1, ArrowRight: 1, PageDown: -20, PageUp: 20, Home: -Infinity, End: Infinity}[event.key];
    if (by === undefined) return;
    event.preventDefault();
    show(place + by, true);
  });
}
for (const viewer of document.querySelectorAll('.viewer')) {
  const steps = JSON.parse(viewer.dataset.steps), figures = [...viewer.querySelectorAll('figure')];
  const controls = viewer.querySelector('.controls'), button = controls.querySelector('button'), slider = controls.querySelector('input'), output = controls.querySelector('output');
  const show = () => {
    figures.forEach((figure, i) => { figure.hidden = i !== Number(slider.value); figure.querySelector('figcaption').hidden = true; });
    output.textContent = 'after step ' + steps[slider.value];
    slider.setAttribute('aria-valuetext', output.textContent);
  };
  let timer;
  const stop = () => { clearInterval(timer); timer = undefined; button.textContent = '▶'; button.setAttribute('aria-label', 'Play the samples'); };
  const next = () => { if (Number(slider.value) === steps.length - 1) return stop(); slider.value = Number(slider.value) + 1; show(); };
  button.addEventListener('click', () => {
    if (timer !== undefined) return stop();
    if (Number(slider.value) === steps.length - 1) { slider.value = 0; show(); }
    button.textContent = '❚❚';
    button.setAttribute('aria-label', 'Stop');
    timer = setInterval(next, 400);
  });
  slider.addEventListener('input', () => { stop(); show(); });
  controls.hidden = steps.length === 1;
  if (steps.length > 1) show();
}
`;
