import type {ProbedBackend} from '../../runs/devices/select.js';
import type {Colour, Style} from './style.js';
import {table} from './format.js';

const states: Record<ProbedBackend['state'], {text: string; colour: Colour}> = {
  ready: {text: 'can run', colour: 'green'},
  unavailable: {text: 'cannot run', colour: 'red'},
  'not-installed': {text: 'not installed', colour: 'yellow'},
};

/**
 * A row for each backend, and below it what there is to say: facts and the devices that --device chooses from, or why
 * it cannot run and what to do.
 */
export function backendLines(backends: readonly ProbedBackend[], paint: Style): string[] {
  const [header, ...rows] = table(['backend', 'state', 'version', 'memory', 'device'], backends.map(cells));
  return [
    header!,
    ...backends.flatMap((backend, i) => {
      const {text, colour} = states[backend.state];
      return [
        rows[i]!.replace(text, () => paint(colour, text)),
        ...details(backend).map((line) => `    ${paint('dim', line)}`),
      ];
    }),
  ];
}

function cells({name, state, version, probe}: ProbedBackend): string[] {
  const device = probe.ok ? probe.devices?.[probe.chosen ?? 0] : undefined;
  return [name, states[state].text, version ?? '-', gigabytes(device?.memoryBytes), device?.name ?? '-'];
}

function details({summary, choosable, state, package: from, probe}: ProbedBackend): string[] {
  const what = summary === undefined ? [] : [`${summary} (${from})`];
  if (!probe.ok) return [...what, ...(state === 'not-installed' ? [] : [probe.why]), `try: ${probe.fix}`];
  const facts = Object.entries(probe.info ?? {})
    .map(([key, value]) => `${key} ${value}`)
    .join(', ');
  const devices = (probe.devices ?? []).map(
    ({name, memoryBytes}, i) =>
      `--device ${i}: ${name}${memoryBytes === undefined ? '' : `, ${gigabytes(memoryBytes)}`}`,
  );
  return [...what, ...(facts === '' ? [] : [facts]), ...(choosable ? devices : [])];
}

const gigabytes = (bytes: number | undefined): string => (bytes === undefined ? '-' : `${(bytes / 1e9).toFixed(1)} GB`);
