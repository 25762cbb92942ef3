import type {Count, Inspection} from '../../gan/data/inspect.js';

/** Kinds that are listed, at most. */
const mostKinds = 6;
const mostClasses = 20;

/** What `gan data inspect` prints. */
export function inspectionLines(found: Inspection): string[] {
  const {duplicates, nearlyEmpty, broken, doubtful, labels} = found;
  const rounded = (values: readonly number[]): string => values.map((value) => value.toFixed(1)).join(', ');
  const more = (count: number, shown: readonly unknown[]): string[] =>
    count > shown.length && shown.length > 0 ? [`  and ${counted(count - shown.length, 'other')}`] : [];
  return [
    `pictures      ${number(found.pictures)}`,
    `sizes         ${kinds(found.sizes)} (width x height)`,
    ...(found.sizes.length > 1 ? [`              from ${found.smallest} to ${found.largest}`] : []),
    `formats       ${kinds(found.formats)}`,
    `colours       ${kinds(found.colours)}${found.greyInColour > 0 ? `; ${number(found.greyInColour)} stored in colour are grey` : ''}`,
    ...(found.sizes.length > 0
      ? [
          `mean          ${rounded(found.mean)} (red, green, blue of 255); standard deviation ${rounded(found.deviation)}`,
        ]
      : []),
    ...(labels
      ? [
          `labels        ${kinds(
            labels.map(({label, count}) => ({what: label, count})),
            mostClasses,
          )}`,
        ]
      : []),
    ...(found.withoutLabel > 0 ? [`              ${number(found.withoutLabel)} without one`] : []),
    `duplicates    ${number(duplicates.count)}`,
    ...duplicates.examples.map(({name, sameAs}) => `  ${name} is ${sameAs}`),
    ...more(duplicates.count, duplicates.examples),
    `nearly empty  ${number(nearlyEmpty.count)}`,
    ...nearlyEmpty.examples.map((name) => `  ${name}`),
    ...more(nearlyEmpty.count, nearlyEmpty.examples),
    `broken        ${number(broken.count)}`,
    ...broken.examples.map(({path, reason}) => `  ${path}: ${reason}`),
    ...more(broken.count, broken.examples),
    ...(doubtful.count > 0 ? [`doubtful      ${number(doubtful.count)}`] : []),
    ...doubtful.examples.map(({path, reason}) => `  ${path}: ${reason}`),
    ...more(doubtful.count, doubtful.examples),
  ];
}

const number = (n: number): string => n.toLocaleString('en');
const counted = (n: number, what: string): string => `${number(n)} ${what}${n === 1 ? '' : 's'}`;

function kinds(counts: readonly Count[], most = mostKinds): string {
  if (counts.length === 0) return 'none';
  if (counts.length === 1) return counts[0]!.what;
  const shown = counts.slice(0, most).map(({what, count}) => `${what} (${number(count)})`);
  return [...shown, ...(counts.length > most ? [`${number(counts.length - most)} others`] : [])].join(', ');
}
