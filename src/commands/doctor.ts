import {BaseCommand} from '../cli/command/base-command.js';
import {doctorLines} from '../cli/text/doctor-report.js';
import {styleFor} from '../cli/text/style.js';

export default class Doctor extends BaseCommand {
  static override summary = 'Check this machine and installation, and say how to fix problems.';
  static override description =
    'Checks Node, memory, WebAssembly, backends, images, plug-ins and disk. Exit codes: 0 when `gan fit` without arguments can run here, 4 when no backend can run, 1 when something else prevents it. Warnings do not change the exit code.';
  static override examples = [
    {description: 'Why is it slow, or why does it not start?', command: '<%= config.bin %> doctor'},
    {description: 'The same as JSON', command: '<%= config.bin %> doctor --json'},
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
