import {Args, Flags} from '@oclif/core';
import {BaseCommand} from '../cli/command/base-command.js';
import GanHelp from '../cli/command/help.js';

export default class HelpCommand extends BaseCommand {
  static override summary = 'Show the commands, the flags of one, or the parts of a kind.';
  static override description =
    'The same as --help and -h behind a command. A kind of part (recipes, losses, architectures, ...) shows what there is, with all options.';
  static override examples = [
    {description: 'The flags of gan fit that most people set', command: '<%= config.bin %> help fit'},
    {description: 'All of them', command: '<%= config.bin %> help fit --all'},
    {description: 'The losses, and their options', command: '<%= config.bin %> help losses'},
  ];
  static override strict = false;
  static override args = {
    topic: Args.string({description: 'a command, such as fit or runs list, or a kind of part, such as losses'}),
  };
  static override flags = {
    all: Flags.boolean({description: 'with all flags'}),
  };

  async run(): Promise<void> {
    const {argv, flags} = await this.parse(HelpCommand);
    const {helpOptions} = this.config.pjson.oclif;
    await new GanHelp(this.config, helpOptions).showHelp([...(argv as string[]), ...(flags.all ? ['--all'] : [])]);
  }
}
