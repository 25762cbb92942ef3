import {printableLine} from '../options/printable-line.js';

/**
 * Text of a stranger in Markdown: it is shown as it is, and makes no heading, link, picture, HTML or line of its own.
 * (CommonMark 0.31, section 2.4: a backslash takes its meaning from any ASCII punctuation character.)
 */
export const plainText = (text: string): string =>
  printableLine(text).replaceAll(/[!-,./:-@[-`{-~]/g, (character) => `\\${character}`);

/** The same as code. A vertical line would end a cell of a table, even in code. */
export function codeText(text: string): string {
  const line = printableLine(text).replaceAll('|', '\\|');
  const fence = '`'.repeat(Math.max(0, ...[...line.matchAll(/`+/g)].map(([run]) => run.length)) + 1);
  const blank = fence.length > 1 || /^ | $/.test(line) || line === '' ? ' ' : '';
  return `${fence}${blank}${line}${blank}${fence}`;
}

/** A table of Markdown; the cells are Markdown already. */
export const markdownTable = (headings: readonly string[], rows: readonly (readonly string[])[]): string =>
  [headings, headings.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');
