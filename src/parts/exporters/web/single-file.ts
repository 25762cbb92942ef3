import {createHash} from 'node:crypto';

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

/** The source of a hash in a Content-Security-Policy. */
const hashOf = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

/**
 * The page with all of its files inside, which browsers open from disk. It runs only its own script and connects to
 * nothing outside.
 * @param files those of the folder, by name
 */
export function singleFile(files: ReadonlyMap<string, Uint8Array>): string {
  const text = (name: string): string => Buffer.from(files.get(name)!).toString();
  // what would end the element early
  const script = text('page.js').replaceAll(/<\/(?=script)/gi, '<\\/');
  const style = text('page.css');
  const embedded = [...files.keys()].filter((name) => /\.(json|bin|wasm)$/.test(name));
  const data = embedded.map(
    (name) =>
      `<script type="text/plain" data-file="${name}">${Buffer.from(files.get(name)!).toString('base64')}</script>`,
  );
  const parts: [string, string][] = [
    ["script-src 'self' 'wasm-unsafe-eval'", `script-src ${hashOf(script)} 'wasm-unsafe-eval'`],
    ["style-src 'self'", `style-src ${hashOf(style)}`],
    ["connect-src 'self'", 'connect-src data:'],
    ['<link rel="stylesheet" href="page.css" />', `<style>${style}</style>`],
    [
      '<a href="THIRD-PARTY.txt">Licences</a>',
      `<details><summary>Licences</summary><pre>${escaped(text('THIRD-PARTY.txt'))}</pre></details>`,
    ],
    ['<script src="page.js" defer></script>', `${data.join('\n')}\n<script>${script}</script>`],
  ];
  return parts.reduce((page, [place, content]) => {
    if (!page.includes(place)) throw new Error(`The page has no ${place}`);
    return page.replace(place, () => content);
  }, text('index.html'));
}
