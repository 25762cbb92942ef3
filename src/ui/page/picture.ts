import {h} from './dom.js';

/** An image that the server has drawn; each new one takes the place of the last, which is freed. */
export class Picture {
  readonly element: HTMLImageElement;
  #url: string | undefined;

  constructor(className: string) {
    this.element = h('img', {class: className, hidden: true, alt: ''});
  }

  show(url: string, alt: string): void {
    const old = this.#url;
    this.#url = url;
    this.element.addEventListener('load', () => old !== undefined && URL.revokeObjectURL(old), {once: true});
    this.element.src = url;
    this.element.alt = alt;
    this.element.hidden = false;
  }

  clear(): void {
    this.element.hidden = true;
    this.element.removeAttribute('src');
    if (this.#url !== undefined) URL.revokeObjectURL(this.#url);
    this.#url = undefined;
  }
}
