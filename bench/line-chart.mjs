// Lines in panels side by side as an SVG picture, with bars from the least to the most at each point.
import {escape} from './chart.mjs';

const [panelWidth, panelHeight, left, right, top, bottom] = [360, 220, 60, 20, 70, 70];
const colours = ['#4a7ab5', '#d08a3c', '#7c9a5e'];

const short = (value) =>
  value >= 1e6
    ? `${+(value / 1e6).toPrecision(3)}M`
    : value >= 1e4
      ? `${+(value / 1e3).toPrecision(3)}k`
      : String(+value.toPrecision(3));

/**
 * @param title, note above and below the panels
 * @param names of the lines of a panel, in their order
 * @param panels [{label of the x axis, lines: [{points: [[x, y]], ranges: [[least, most]]}]}]; all have one y axis
 */
export function lineChart({title, note, names, panels}) {
  const tallest = Math.max(...panels.flatMap(({lines}) => lines.flatMap(({ranges}) => ranges.map(([, most]) => most))));
  const y = (value) => Number((top + panelHeight * (1 - value / (tallest || 1))).toFixed(1));
  const parts = names.map(
    (name, i) =>
      `<rect x="${left + i * 150}" y="40" width="12" height="12" fill="${colours[i]}"/><text x="${left + i * 150 + 18}" y="51" font-size="12">${escape(name)}</text>`,
  );
  panels.forEach(({label, lines}, at) => {
    const from = left + at * (panelWidth + left);
    const farthest = Math.max(...lines.flatMap(({points}) => points.map(([x]) => x)));
    const x = (value) => Number((from + (value / farthest) * panelWidth).toFixed(1));
    parts.push(
      `<path d="M${from} ${top}V${top + panelHeight}H${from + panelWidth}" fill="none" stroke="#99a5b0"/>`,
      `<text x="${from + panelWidth / 2}" y="${top + panelHeight + 34}" text-anchor="middle" font-size="12">${escape(label)}</text>`,
    );
    for (const share of [0.25, 0.5, 0.75, 1]) {
      parts.push(
        `<path d="M${from} ${y(share * tallest)}h${panelWidth}" stroke="#e3e8ec"/>`,
        `<text x="${from - 6}" y="${y(share * tallest) + 4}" text-anchor="end" font-size="11">${short(share * tallest)}</text>`,
        `<text x="${x(share * farthest)}" y="${top + panelHeight + 16}" text-anchor="middle" font-size="11">${short(share * farthest)}</text>`,
      );
    }
    lines.forEach(({points, ranges}, i) => {
      const path = points.map(([px, py]) => `${x(px)} ${y(py)}`).join('L');
      const bars = points.map(([px], j) => `M${x(px)} ${y(ranges[j][0])}V${y(ranges[j][1])}`).join('');
      parts.push(
        `<path d="${bars}" stroke="${colours[i]}" stroke-width="1" opacity="0.6"/>`,
        `<path d="M${path}" fill="none" stroke="${colours[i]}" stroke-width="2"/>`,
      );
    });
  });
  const width = panels.length * (panelWidth + left) + right;
  const height = top + panelHeight + bottom;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="sans-serif" font-size="13" fill="#1c2b3a">`,
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    `<text x="${left}" y="26" font-size="15">${escape(title)}</text>`,
    ...parts,
    `<text x="10" y="${height - 10}" font-size="11" fill="#667788">${escape(note)}</text>`,
    '</svg>',
    '',
  ].join('\n');
}
