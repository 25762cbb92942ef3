import {printableLine} from '../../options/printable-line.js';
import {isPainted} from './style.js';

export {printableLine};

/** Text for a terminal: everything is visible, nothing is an order to it. */

const plain = /^[\x20-\x7E]*$/;
const plainLines = /^[\n\x20-\x7E]*$/;

const printableLines = (text: string): string => text.split('\n').map(printableLine).join('\n');

const sgr = /\u001B\[\d+m[^\u001B]*\u001B\[\d+m/g;

/** Lines with everything visible. Of escape sequences, those pass that `styleFor` made. */
export function printable(text: string): string {
  if (plainLines.test(text)) return text;
  let [out, from] = ['', 0];
  for (const {0: match, index} of text.matchAll(sgr)) {
    if (!isPainted(match)) continue;
    const [start = '', inner = '', end = ''] = match.split(/(?<=^\u001B\[\d+m)|(?=\u001B\[\d+m$)/);
    out += printableLines(text.slice(from, index)) + start + printableLines(inner) + end;
    from = index + match.length;
  }
  return out + printableLines(text.slice(from));
}

/** The lines of a message after the first one, moved to the right: none of them can pass for a message of its own. */
export const indented = (text: string): string => text.replaceAll(/\n(?! )/g, '\n  ');

/** The same value as JSON that a terminal can show: JSON.stringify leaves C1 and invisible characters as they are. */
export const jsonText = (value: unknown): string => printableLines(JSON.stringify(value) ?? 'null');

const wide =
  /[\p{Emoji_Presentation}\u1100-\u115F\u2E80-\u303E\u3041-\uA4CF\uA960-\uA97C\uAC00-\uD7A3\uF900-\uFAFF\uFE10-\uFE19\uFE30-\uFE6F\uFF01-\uFF60\uFFE0-\uFFE6\u{16FE0}-\u{18CFF}\u{1AFF0}-\u{1B2FF}\u{1F200}-\u{1F2FF}\u{20000}-\u{3FFFD}]|\p{Extended_Pictographic}\uFE0F/u;
const mark = /^\p{M}/u;
let graphemes: Intl.Segmenter | undefined;

/** Columns that a text takes on a terminal: two for wide characters, none for combining ones (Unicode TR 11). */
export function width(text: string): number {
  if (plain.test(text)) return text.length;
  graphemes ??= new Intl.Segmenter('en', {granularity: 'grapheme'});
  let columns = 0;
  for (const {segment} of graphemes.segment(text)) columns += wide.test(segment) ? 2 : mark.test(segment) ? 0 : 1;
  return columns;
}
