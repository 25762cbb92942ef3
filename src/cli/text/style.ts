/** A destination of text: `process.stdout`, `process.stderr`, or a fake in tests. */
export interface Output {
  write(text: string): unknown;
  isTTY?: boolean;
  columns?: number;
}

const codes = {bold: [1, 22], dim: [2, 22], red: [31, 39], green: [32, 39], yellow: [33, 39], cyan: [36, 39]} as const;

export type Colour = keyof typeof codes;

/** Text in a colour, or as it is where there are no colours. */
export type Style = (colour: Colour, text: string) => string;

/** All that was coloured: labels, names and messages, each once. */
const painted = new Set<string>();

/** True for what `styleFor` coloured: the same sequences in a text from elsewhere are not ours. */
export const isPainted = (text: string): boolean => painted.has(text);

/** Colours text for a terminal; leaves it alone elsewhere, and when NO_COLOR is set (https://no-color.org). */
export function styleFor(out: Output, env: NodeJS.ProcessEnv = process.env): Style {
  const plain = !out.isTTY || (env['NO_COLOR'] ?? '') !== '' || env['TERM'] === 'dumb';
  return (colour, text) => {
    if (plain) return text;
    const coloured = `\u001B[${codes[colour][0]}m${text}\u001B[${codes[colour][1]}m`;
    painted.add(coloured);
    return coloured;
  };
}
