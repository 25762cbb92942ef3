import {h, write} from './dom.js';

/** Classes that have a slider, at most: of more, one is chosen. */
const mostSliders = 40;

export interface ClassSliders {
  element: HTMLElement;
  /** The classes of a generator; none where it is not conditional. Those that are the same stay as they are. */
  setNames(names: readonly string[]): void;
  /** A share of each class; undefined where there are none. */
  shares(): number[] | undefined;
}

/** One class to choose, and a slider for each of them, to mix them or to give an image several. */
export function classSliders(changed: () => void): ClassSliders {
  let shown = '';
  let shares: number[] = [];
  let sliders: {input: HTMLInputElement; value: HTMLElement}[] = [];
  const choice = h('select', {'aria-label': 'Class', change: () => choose(Number(choice.value))});
  const list = h('div', {class: 'sliders', role: 'group', 'aria-label': 'Shares of the classes'});
  const more = h('details', {class: 'more'}, h('summary', {}, 'Shares of the classes'), list);
  const show = (): void =>
    sliders.forEach(({input, value}, row) => {
      input.value = String(shares[row]);
      write(value, shares[row]!.toFixed(2));
    });
  const choose = (row: number): void => {
    shares = shares.map((_, i) => (i === row ? 1 : 0));
    show();
    changed();
  };
  const slider = (name: string, row: number): HTMLElement => {
    const value = h('output');
    const input = h('input', {
      type: 'range',
      min: 0,
      max: 1,
      step: 0.01,
      'aria-label': `Share of ${name}`,
      input: () => {
        shares[row] = input.valueAsNumber;
        write(value, shares[row].toFixed(2));
        changed();
      },
    });
    sliders.push({input, value});
    return h('label', {}, h('span', {}, name), input, value);
  };
  const element = h('div', {class: 'classes', hidden: true}, h('label', {}, 'Class ', choice), more);
  return {
    element,
    setNames(names) {
      const key = names.join('\n');
      if (key === shown) return;
      shown = key;
      element.hidden = names.length === 0;
      shares = names.map((_, row) => (row === 0 ? 1 : 0));
      sliders = [];
      choice.replaceChildren(...names.map((name, row) => h('option', {value: row}, name)));
      more.hidden = names.length > mostSliders;
      list.replaceChildren(...(more.hidden ? [] : names.map(slider)));
      show();
    },
    shares: () => (shares.length > 0 ? [...shares] : undefined),
  };
}
