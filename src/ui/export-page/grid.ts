import {drawLatent} from '../../gan/latents.js';
import {h} from '../page/dom.js';
import type {Generator} from './generator.js';
import {draw, pixelsOf} from './pictures.js';

/** Pictures made at a time, so that the page stays alive in between. */
const atOnce = 4;

export interface Grid {
  /** Images 0, 1, ... of a seed; the newest call wins. */
  fill(seed: number, count: number, chosen: number): Promise<void>;
  canvases(): HTMLCanvasElement[];
}

/**
 * A button for each picture of a seed.
 * @param shares of the classes, of a conditional generator
 */
export function fillGrid(
  parent: HTMLElement,
  generator: Generator,
  shares: () => readonly number[] | undefined,
  picked: (index: number) => void,
  failed: (error: Error) => void,
): Grid {
  const {facts} = generator;
  let call = 0;
  const canvases = (): HTMLCanvasElement[] => [...parent.querySelectorAll('canvas')];
  const choose = (chosen: number): void =>
    [...parent.children].forEach((button, i) => button.setAttribute('aria-pressed', String(i === chosen)));

  const resize = (count: number): void => {
    parent.style.setProperty('--columns', String(Math.sqrt(count)));
    while (parent.children.length > count) parent.lastElementChild!.remove();
    while (parent.children.length < count) {
      const index = parent.children.length;
      const click = (): void => {
        choose(index);
        picked(index);
      };
      parent.append(
        h(
          'button',
          {type: 'button', 'aria-label': `Picture ${index + 1}`, click},
          h('canvas', {width: facts.imageSize, height: facts.imageSize}),
        ),
      );
    }
  };

  return {
    canvases,
    async fill(seed, count, chosen) {
      const mine = ++call;
      resize(count);
      choose(chosen);
      const targets = canvases();
      try {
        for (let start = 0; start < count; start += atOnce) {
          const n = Math.min(atOnce, count - start);
          const latents = new Float32Array(n * facts.latentSize);
          for (let i = 0; i < n; i++) latents.set(drawLatent(facts.latentSize, seed, start + i), i * facts.latentSize);
          const values = await generator.run(latents, shares());
          if (mine !== call) return;
          for (let i = 0; i < n; i++) draw(targets[start + i]!, pixelsOf(values, i, facts));
          await new Promise((resolve) => setTimeout(resolve));
        }
        parent.dataset['filled'] = `${seed}/${count}`;
      } catch (error) {
        failed(error as Error);
      }
    },
  };
}
