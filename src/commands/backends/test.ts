import {Args, Flags} from '@oclif/core';
import {BaseCommand} from '../../cli/command/base-command.js';
import {conformanceTable, notPassed, summarise} from '../../cli/text/conformance-report.js';
import {deviceFlag, deviceOf} from '../../cli/flags/device-flag.js';
import {partOptions} from '../../cli/flags/part-options.js';
import {exitCodes} from '../../errors.js';

export default class BackendsTest extends BaseCommand {
  static override summary = 'Run the conformance kit on a backend.';
  static override description =
    'Checks values and gradients of every operation that the library uses, gradients of gradients, errors, memory, a whole training, recorded traces of fastai, opening and closing. The kit never compares with another backend. Exit code 4 when a check fails.';
  static override examples = [
    {description: 'Does this backend compute correctly?', command: '<%= config.bin %> backends test wasm'},
    {
      description: 'Only one group of checks, or only checks whose titles contain a text',
      command: '<%= config.bin %> backends test wasm --only gradients',
    },
  ];
  static override args = {
    name: Args.string({description: 'backend by name', required: true}),
  };
  static override flags = {
    only: Flags.string({description: 'name of a group, or part of a title', helpValue: 'TEXT'}),
    recordings: Flags.string({
      description: "folder of fastai's recordings (default: those of this package)",
      helpValue: 'DIR',
    }),
    set: Flags.string({
      description: 'an option of the backend; may be repeated',
      helpValue: 'KEY=VALUE',
      multiple: true,
      multipleNonGreedy: true,
    }),
    device: deviceFlag,
  };

  async run(): Promise<void> {
    const {args, flags} = await this.parse(BackendsTest);
    const registry = await this.openRegistry();
    const {withDevice} = await import('../../runs/devices/choose-device.js');
    // faults of these, before tfjs is loaded
    const options = await withDevice(registry, args.name, partOptions(flags.set ?? [], 'backend'), deviceOf(flags));
    const {installedBackend, runConformance} = await import('../../testing/conformance/index.js');
    const packages = [...this.config.plugins.values()].map(({root}) => root);
    const subject = installedBackend({
      name: args.name,
      packages,
      options: Object.fromEntries([...options].map(([key, {value}]) => [key, String(value)])),
    });
    const results = await runConformance(subject, {
      only: flags.only,
      recordings: flags.recordings,
      report: ({state, group, title}) => {
        if (state === 'failed') this.talk(`failed  ${group}: ${title}`);
      },
    });
    const groups = summarise(results);
    const failed = results.filter(({state}) => state === 'failed').length;
    this.json({backend: args.name, passed: failed === 0, groups, checks: results});
    for (const line of [...conformanceTable(groups), ...notPassed(results)]) this.result(line);
    this.result(`${args.name}: ${results.length} checks, ${failed === 0 ? 'none failed' : `${failed} failed`}`);
    if (failed > 0) process.exitCode = exitCodes.backend;
  }
}
