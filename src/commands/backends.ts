import {BaseCommand} from '../cli/base-command.js';
import {painter} from '../cli/style.js';
import type {ProbedBackend} from '../backends/select.js';

export default class Backends extends BaseCommand {
  static override summary = 'List the backends and say which can run here.';
  static override description = 'In the order in which --backend auto tries them. For one that cannot run, the reason and the remedy are shown.';
  static override examples = [
    {description: 'What can this machine train on?', command: '<%= config.bin %> backends'},
    {description: 'The same for a program', command: '<%= config.bin %> backends --json'},
  ];

  async run(): Promise<void> {
    await this.parse(Backends);
    const registry = await this.openRegistry();
    const {probeBackends} = await import('../backends/select.js');
    const backends = await probeBackends(registry);
    for (const backend of backends) this.json(backend);
    const width = Math.max(...backends.map(({name}) => name.length));
    for (const backend of backends) this.result(describe(backend, width));
    if (backends.length === 0) this.result('No backend is installed.');
  }
}

function describe({name, summary, package: from, probe}: ProbedBackend, width: number): string {
  const paint = painter(process.stdout);
  const label = name.padEnd(width);
  const indent = ' '.repeat(width + 5);
  if (!probe.ok) return `${paint('red', 'no ')}  ${label}  ${probe.why}\n${indent}  try: ${probe.fix}`;
  const facts = Object.entries(probe.info ?? {}).map(([key, value]) => `${key} ${value}`).join(', ');
  return [`${paint('green', 'yes')}  ${label}  ${summary ?? ''} ${paint('dim', `(${from})`)}`, ...(facts === '' ? [] : [`${indent}  ${facts}`])].join('\n');
}
