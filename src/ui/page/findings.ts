import type {Found} from '../protocol.js';
import {h} from './dom.js';
import {title} from './format.js';
import type {Store} from './store.js';

/** What the watch over the selected runs found, a line each: the last one first. Empty where there is nothing. */
export function findings(store: Store): HTMLElement {
  const list = h('ul', {class: 'findings', 'aria-label': 'Findings of the watch', 'aria-live': 'polite'});
  let shown = '';
  const update = (): void => {
    const items = store.selected.flatMap((run) => {
      const {findings: found = [], stopped = ''} = store.watch.get(run) ?? {};
      const of = store.compared.length > 0 ? `${title(run, store.about.folder)}: ` : '';
      return [
        ...(stopped === '' ? [] : [{run, text: `${of}stopped early: ${stopped}`, advice: [], over: false}]),
        ...found.toReversed().map((each) => ({run, ...lineOf(of, each)})),
      ];
    });
    const text = JSON.stringify(items);
    if (text === shown) return;
    shown = text;
    list.hidden = items.length === 0;
    list.replaceChildren(
      ...items.map(({run, text: line, advice, over}) =>
        h(
          'li',
          {'data-colour': store.compared.length > 0 ? store.colour(run) : undefined, 'data-over': over},
          line,
          ...advice.flatMap((flags, i) => [i === 0 ? ' Try ' : ', or ', h('code', {}, flags)]),
        ),
      ),
    );
  };
  store.on(['curves', 'selection'], update);
  list.hidden = true;
  return list;
}

function lineOf(
  of: string,
  {what, since, over, measured, advice}: Found,
): {text: string; advice: string[]; over: boolean} {
  const when = over === undefined ? `since step ${since}` : `step ${since} to ${over}`;
  return {
    text: `${of}${what}, ${when}: ${measured}.`,
    advice: over === undefined ? [...advice] : [],
    over: over !== undefined,
  };
}
