/** A loss or a metric, short. */
export function number(value: number): string {
  if (value !== 0 && (Math.abs(value) >= 1e5 || Math.abs(value) < 1e-3)) return value.toExponential(2);
  return String(Number(value.toPrecision(4)));
}

/** How long ago, in the largest unit that fits. */
export function ago(ms: number): string {
  const units: [string, number][] = [
    ['day', 86_400_000],
    ['hour', 3_600_000],
    ['minute', 60_000],
  ];
  const [unit, length] = units.find(([, each]) => ms >= each) ?? ['', 0];
  if (unit === '') return 'just now';
  const count = Math.floor(ms / length);
  return `${count} ${unit}${count === 1 ? '' : 's'} ago`;
}

/** A run's name for people: the folder that is served is itself a run where its name is a dot. */
export const title = (run: string, folder: string): string =>
  run === '.' ? (folder.split(/[/\\]/).filter(Boolean).at(-1) ?? folder) : run;

/** A duration, e.g. 40 s, 12 min, 3 h 5 min. */
export function duration(seconds: number): string {
  if (seconds < 90) return `${Math.ceil(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 90 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
