// A plug-in of typedoc. A page of docs/ is called what its first heading says, and the heading is not shown twice. Links of
// typedoc's own to getters that it gives no section are left out.
import {Converter, PageEvent} from 'typedoc';

/** @param {import('typedoc').Application} app */
export function load(app) {
  app.converter.on(Converter.EVENT_CREATE_DOCUMENT, (_, document) => {
    const text = document.content
      .map((part) => (part.kind === 'text' || part.kind === 'code' ? part.text : '\n'))
      .join('');
    const heading = /^\s*# (.+)\n/.exec(text);
    if (!heading) return;
    document.name = heading[1].replaceAll('`', '');
    for (let left = heading[0].length; left > 0;) {
      const [first] = document.content;
      const cut = Math.min(left, first.text.length);
      first.text = first.text.slice(cut);
      if (first.text === '') document.content.shift();
      left -= cut;
    }
  });
  app.renderer.on(PageEvent.END, (page) => {
    const isThere = (anchor) => page.contents.includes(` id="${anchor}"`);
    page.contents = page.contents.replaceAll(/<a href="#([^"]+)"/g, (link, anchor) => (isThere(anchor) ? link : '<a'));
  });
}
