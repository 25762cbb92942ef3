// Bars in groups as an SVG picture: the median, with a line from the least to the most.
const [width, left, right, barHeight, gap] = [760, 190, 150, 18, 16];
const colours = ['#4a7ab5', '#d08a3c', '#7c9a5e'];

/**
 * @param title, note above and below the bars
 * @param names of the bars of a group, in their order
 * @param groups [{label, bars: [{median, min, max, text} or undefined]}]
 */
export function barChart({title, note, names, groups}) {
  const largest = Math.max(...groups.flatMap(({bars}) => bars.flatMap((bar) => bar?.max ?? [])));
  const x = (value) => Number((left + (value / largest) * (width - left - right)).toFixed(1));
  const parts = [];
  let y = 72;
  for (const {label, bars} of groups) {
    const height = bars.length * barHeight;
    parts.push(`<text x="${left - 10}" y="${y + height / 2 + 4}" text-anchor="end">${escape(label)}</text>`);
    bars.forEach((bar, i) => {
      if (!bar) return;
      const top = y + i * barHeight;
      const middle = top + barHeight / 2;
      parts.push(
        `<rect x="${left}" y="${top + 1}" width="${(x(bar.median) - left).toFixed(1)}" height="${barHeight - 2}" fill="${colours[i]}"/>`,
        `<path d="M${x(bar.min)} ${middle}H${x(bar.max)}" stroke="#1c2b3a" stroke-width="1.5"/>`,
        `<text x="${x(bar.max) + 8}" y="${middle + 4}" font-size="12">${escape(bar.text)}</text>`,
      );
    });
    y += height + gap;
  }
  const legend = names.map(
    (name, i) =>
      `<rect x="${left + i * 170}" y="42" width="12" height="12" fill="${colours[i]}"/><text x="${left + i * 170 + 18}" y="53" font-size="12">${escape(name)}</text>`,
  );
  const height = y + 24;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="sans-serif" font-size="13" fill="#1c2b3a">`,
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    `<text x="${left}" y="26" font-size="15">${escape(title)}</text>`,
    ...legend,
    ...parts,
    `<text x="10" y="${height - 12}" font-size="11" fill="#667788">${escape(note)}</text>`,
    '</svg>',
    '',
  ].join('\n');
}

const entities = {'&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;'};
export const escape = (text) => text.replaceAll(/[&<>"]/g, (character) => entities[character]);
