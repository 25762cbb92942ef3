import {backendLines} from '../cli/text/backends-report.js';
import {BaseCommand} from '../cli/command/base-command.js';
import {styleFor} from '../cli/text/style.js';

export default class Backends extends BaseCommand {
  static override summary = 'List the backends and say which of them can run here.';
  static override description =
    'Backends are listed in the order in which --backend auto tries them. Backends that you could install come last. A backend that cannot run is shown with the reason and the remedy, and a backend with several devices with the values for --device.';
  static override examples = [
    {description: 'What can this machine train on?', command: '<%= config.bin %> backends'},
    {description: 'The same as JSON', command: '<%= config.bin %> backends --json'},
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
