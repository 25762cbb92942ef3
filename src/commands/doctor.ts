import {Args} from '@oclif/core';
import {BaseCommand} from '../cli/command/base-command.js';
import {doctorLines} from '../cli/text/doctor-report.js';
import {styleFor} from '../cli/text/style.js';
import {exitCodes} from '../errors.js';

export default class Doctor extends BaseCommand {
  static override summary = 'Check this machine and installation, and say how to fix problems.';
  static override description =
    'Checks Node, memory, WebAssembly, backends, images, plug-ins and disk. Exit codes: 0 when `gan fit` without arguments can run here, 4 when no backend can run, 1 when something else prevents it. Warnings do not change the exit code.';
  static override examples = [
    {description: 'Why is it slow, or why does it not start?', command: '<%= config.bin %> doctor'},
    {description: 'The same as JSON', command: '<%= config.bin %> doctor --json'},
    {description: 'Is there an MPI library for training with several ranks?', command: '<%= config.bin %> doctor mpi'},
  ];
  static override args = {
    check: Args.string({description: 'a check of a plug-in, by its name; alone'}),
  };

  async run(): Promise<void> {
    const {args} = await this.parse(Doctor);
    if (args.check !== undefined) return this.#one(args.check);
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

  /** One check of a plug-in. What it warns of is what was asked for, so it decides the exit code. */
  async #one(name: string): Promise<void> {
    const registry = await this.openRegistry();
    const findings = await registry.check(name, process.cwd());
    for (const finding of findings) this.json(finding);
    for (const line of doctorLines(findings, styleFor(process.stdout))) this.result(line);
    process.exitCode = findings.every(({state}) => state === 'ok') ? exitCodes.ok : exitCodes.bug;
  }
}
