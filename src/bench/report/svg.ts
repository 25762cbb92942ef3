import {sizeText} from '../../options/image-size.js';
import type {BenchResult} from '../types.js';
import {infoText} from './cells.js';

const [width, barHeight, gap, left, right] = [720, 26, 18, 90, 110];
const barRoom = width - left - right;

/** A bar for each backend that ran: images a second of training, with the middle half of the rounds as a line. */
export function benchSvg({rows, job, environment}: BenchResult): string {
  const bars = rows.flatMap((row) =>
    row.ok && row.metrics.imagesPerSecond ? [{row, speed: row.metrics.imagesPerSecond}] : [],
  );
  const largest = Math.max(...bars.map(({speed}) => speed.high), Number.MIN_VALUE);
  const x = (value: number): number => Number((left + (value / largest) * barRoom).toFixed(1));
  const drawn = bars.map(({row, speed}, i) => {
    const y = 44 + i * (barHeight + gap);
    const middle = y + barHeight / 2;
    return [
      `<text x="${left - 8}" y="${middle + 4}" text-anchor="end">${escape(row.backend)}</text>`,
      `<rect x="${left}" y="${y}" width="${(x(speed.median) - left).toFixed(1)}" height="${barHeight}" fill="#4a7ab5"><title>${escape(infoText(row))}</title></rect>`,
      `<path d="M${x(speed.low)} ${middle}H${x(speed.high)}" stroke="#1c2b3a" stroke-width="2"/>`,
      `<text x="${x(speed.high) + 8}" y="${middle + 4}">${speed.median.toFixed(1)} images/s</text>`,
    ].join('');
  });
  const height = 44 + bars.length * (barHeight + gap) + 24;
  const {config} = job;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="sans-serif" font-size="13" fill="#1c2b3a">`,
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    `<text x="${left}" y="24" font-size="15">Training ${escape(`${config.arch.name}, ${sizeText(config.size)}, batch ${config.batchSize}`)}</text>`,
    ...drawn,
    `<text x="${left}" y="${height - 12}" font-size="11" fill="#667788">${escape(`${environment['processor']}, ${environment['cores']} cores, Node ${environment['node']}, gan ${environment['gan']}`)}</text>`,
    '</svg>',
    '',
  ].join('\n');
}

const entities: Record<string, string> = {'&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;'};
/** Text for XML, which has no control characters. */
const escape = (text: string): string =>
  text
    .replaceAll(/[\u0000-\u001F\u007F-\u009F\uFFFE\uFFFF]+/g, ' ')
    .replaceAll(/[&<>"]/g, (character) => entities[character]!);
