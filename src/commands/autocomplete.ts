import {Args} from '@oclif/core';
import {BaseCommand} from '../cli/command/base-command.js';
import {completions, shells, type Shell} from '../cli/completion/shells.js';

export default class Autocomplete extends BaseCommand {
  static override summary = 'Print a script that makes the shell complete commands, flags and names of parts.';
  static override description =
    'The script looks up names while you type: parts of plug-ins, run folders, keys of --set.';
  static override examples = [
    {
      description: 'For bash, in this shell and in later ones',
      command:
        'eval "$(<%= config.bin %> autocomplete bash)"; echo \'eval "$(<%= config.bin %> autocomplete bash)"\' >> ~/.bashrc',
    },
    {description: 'The script for zsh', command: '<%= config.bin %> autocomplete zsh'},
  ];
  static override args = {
    shell: Args.string({description: shells.join(', '), options: [...shells], required: true}),
  };

  async run(): Promise<void> {
    const {args} = await this.parse(Autocomplete);
    const {script, install} = completions[args.shell as Shell];
    this.json({shell: args.shell, script, install});
    this.result(script.trimEnd());
    if (process.stdout.isTTY) this.talk(`\nTo use it in every new shell:\n  ${install.join('\n  ')}`);
  }
}
