import {createHash} from 'node:crypto';
import {printable} from '../text/printable.js';

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** HTML that this program wrote. Everything else is text, and `markup` escapes it. */
export class Html {
  readonly source: string;

  /** Only for what is written in the program, and for what `markup` returns. */
  constructor(source: string) {
    this.source = source;
  }
}

/** What can stand in HTML: text, which is escaped; HTML; several of them after each other; nothing. */
export type Content = Html | string | number | undefined | readonly Content[];

/**
 * A template of HTML. Values are text between tags and in attributes in quotes; of a run folder nothing is ever HTML.
 * Invisible and control characters are shown as in the terminal.
 */
export const markup = (parts: TemplateStringsArray, ...values: readonly Content[]): Html =>
  new Html(parts.reduce((before, part, i) => before + sourceOf(values[i - 1]) + part));

function sourceOf(value: Content): string {
  if (value === undefined) return '';
  if (value instanceof Html) return value.source;
  if (Array.isArray(value)) return (value as readonly Content[]).map(sourceOf).join('');
  return printable(textOf(value)).replaceAll(/[&<>"']/g, (character) => entities[character]!);
}

/** Any value as text, also one of a file that should have been another. */
export const textOf = (value: unknown): string =>
  typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value);

/** For the policy of a page: the script or style that it allows, by what it contains. */
export const hashOf = (source: string): string => `'sha256-${createHash('sha256').update(source).digest('base64')}'`;

/** A number with four digits that count: `0.0001235`, `-1.234`, `12350`. */
export function number(value: number): string {
  if (Number.isInteger(value) && Math.abs(value) < 1e9) return String(value);
  const short = Number(value.toPrecision(4));
  return Math.abs(short) >= 1e-4 && Math.abs(short) < 1e7 ? String(short) : short.toExponential();
}

/** A table with a row of headings. */
export const table = (headings: readonly string[], rows: readonly (readonly Content[])[]): Html =>
  markup`<div class="wide"><table><thead><tr>${headings.map((each) => markup`<th scope="col">${each}</th>`)}</tr></thead>
<tbody>${rows.map((row) => markup`<tr>${row.map((cell) => markup`<td>${cell}</td>`)}</tr>\n`)}</tbody></table></div>`;
