import type {Finding} from '../../doctor/context.js';
import type {Colour, Style} from './style.js';

const colours: Record<Finding['state'], Colour> = {ok: 'green', warning: 'yellow', problem: 'red'};

/** A line for each finding, and one for what to do about it. */
export function doctorLines(findings: readonly Finding[], paint: Style): string[] {
  const width = Math.max(0, ...findings.map(({name}) => name.length));
  return findings.flatMap((finding) => {
    const {name, state, what} = finding;
    const line = `${paint(colours[state], state.padEnd(7))}  ${name.padEnd(width)}  ${what}`;
    return finding.state === 'ok' ? [line] : [line, `${' '.repeat(width + 11)}try: ${finding.fix}`];
  });
}
