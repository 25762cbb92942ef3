import {backendLines} from '../cli/text/backends-report.js';
import {BaseCommand} from '../cli/command/base-command.js';
import {styleFor} from '../cli/text/style.js';

export default class Backends extends BaseCommand {
  static override summary = 'List the backends and say which can run here.';
  static override description =
    'In the order in which --backend auto tries them, those that could be installed last. For one that cannot run, the reason and the remedy are shown; for one with several devices, what --device may be.';
  static override examples = [
    {description: 'What can this machine train on?', command: '<%= config.bin %> backends'},
    {description: 'The same for a program', command: '<%= config.bin %> backends --json'},
  ];

  async run(): Promise<void> {
    await this.parse(Backends);
    const registry = await this.openRegistry();
    const {probeBackends} = await import('../runs/devices/select.js');
    const backends = await probeBackends(registry);
    for (const backend of backends) this.json(backend);
    const lines =
      backends.length === 0 ? ['No backend is installed.'] : backendLines(backends, styleFor(process.stdout));
    for (const line of lines) this.result(line);
  }
}
