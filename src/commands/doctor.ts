import {BaseCommand} from '../cli/command/base-command.js';
import {doctorLines} from '../cli/text/doctor-report.js';
import {styleFor} from '../cli/text/style.js';

export default class Doctor extends BaseCommand {
  static override summary = 'Check this machine and installation, and say what to do about what is wrong.';
  static override description =
    'Node, memory, WebAssembly, backends, images, plug-ins, disk. Ends with 0 when `gan fit` without arguments can run here, with 4 when no backend can, with 1 when something else is in its way. Warnings do not count.';
  static override examples = [
    {description: 'Why is it slow, or does not start?', command: '<%= config.bin %> doctor'},
    {description: 'The same for a program', command: '<%= config.bin %> doctor --json'},
  ];

  async run(): Promise<void> {
    await this.parse(Doctor);
    const {examine, verdict} = await import('../doctor/examine.js');
    const findings = await examine(this.config.plugins.values(), process.cwd(), this.config.dataDir);
    const exitCode = verdict(findings);
    for (const finding of findings) this.json(finding);
    for (const line of doctorLines(findings, styleFor(process.stdout))) this.result(line);
    this.result(
      exitCode === 0
        ? 'The default training can run here: gan fit'
        : 'The default training cannot run here; see the problems above.',
    );
    process.exitCode = exitCode;
  }
}
