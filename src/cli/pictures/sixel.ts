import {quantize} from './quantize.js';

/** Rows that are written together. */
const bandRows = 6;

/**
 * A picture in DEC's sixel format (VT330/VT340 manual, chapter 14): band by band of six rows, in each one line for
 * every colour that is in it, with a character for the six pixels of a column.
 * @param rgb bytes [height, width, 3]
 */
export function encodeSixel(rgb: Uint8Array, width: number, height: number): string {
  const {palette, indices} = quantize(rgb);
  // in percent
  const colours = palette.map((colour, i) => `#${i};2;${colour.map((value) => Math.round(value / 2.55)).join(';')}`);
  const bands = Array.from({length: Math.ceil(height / bandRows)}, (_, i) =>
    band(indices.subarray(i * bandRows * width, (i + 1) * bandRows * width), width),
  );
  return `\u001BP0;1q"1;1;${width};${height}${colours.join('')}${bands.join('-')}\u001B\\`;
}

function band(indices: Uint8Array, width: number): string {
  const columns: number[][] = []; // by colour: each column that has it, and in which rows, one bit each
  for (let x = 0; x < width; x++) {
    for (let y = 0, at = x; at < indices.length; y++, at += width) {
      const own = (columns[indices[at]!] ??= []);
      if (own.at(-2) === x) own[own.length - 1]! |= 1 << y;
      else own.push(x, 1 << y);
    }
  }
  const lines: string[] = [];
  columns.forEach((own, colour) => lines.push(`#${colour}${line(own)}`));
  return lines.join('$');
}

function line(columns: readonly number[]): string {
  let text = '';
  let end = 0;
  for (let i = 0; i < columns.length;) {
    const [start, rows] = [columns[i]!, columns[i + 1]!];
    let length = 0;
    for (; columns[i] === start + length && columns[i + 1] === rows; i += 2) length++;
    text += repeated(0, start - end) + repeated(rows, length);
    end = start + length;
  }
  return text;
}

function repeated(rows: number, count: number): string {
  const character = String.fromCharCode(63 + rows);
  return count > 3 ? `!${count}${character}` : character.repeat(count);
}
