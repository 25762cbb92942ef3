const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Text for HTML, for attributes, too. */
export const text = (value: unknown): string =>
  String(value).replaceAll(/[&<>"']/g, (character) => entities[character]!);

/** A number with four digits that count: `0.0001235`, `-1.234`, `12350`. */
export function number(value: number): string {
  if (Number.isInteger(value) && Math.abs(value) < 1e9) return String(value);
  const short = Number(value.toPrecision(4));
  return Math.abs(short) >= 1e-4 && Math.abs(short) < 1e7 ? String(short) : short.toExponential();
}

/** 2 h 03 min, 3 min 20 s, 4.2 s */
export function duration(seconds: number): string {
  if (seconds < 60) return `${seconds.toFixed(seconds < 10 ? 1 : 0)} s`;
  const minutes = Math.round(seconds / 60);
  return seconds < 3600
    ? `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`
    : `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, '0')} min`;
}

/** A table with a row of headings. Cells are HTML. */
export const table = (headings: readonly string[], rows: readonly (readonly string[])[]): string =>
  `<div class="wide"><table><thead><tr>${headings.map((each) => `<th scope="col">${text(each)}</th>`).join('')}</tr></thead>
<tbody>${rows.map((row) => `<tr>${row.map((cell) => `<td>${cell}</td>`).join('')}</tr>`).join('\n')}</tbody></table></div>`;
