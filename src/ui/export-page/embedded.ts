/** The files that a page of one file has inside, as `data:` URLs. */

/** The URL of a file: inside the page where it is, else beside it. */
export function urlOf(file: string): string {
  const inside = document.querySelector(`script[data-file="${file}"]`);
  const type = file.endsWith('.wasm') ? 'application/wasm' : 'application/octet-stream';
  return inside ? `data:${type};base64,${inside.textContent}` : `./${file}`;
}

export const isSingleFile = (): boolean => document.querySelector('script[data-file]') !== null;
