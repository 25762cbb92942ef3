import {Command, Flags} from '@oclif/core';

/** A command of gan like any other: https://oclif.io/docs/commands. What it prints for programs goes to stdout. */
export default class Hello extends Command {
  static override summary = 'Say hello.';
  static override examples = ['<%= config.bin %> <%= command.id %> --to you'];
  static override flags = {to: Flags.string({description: 'name to greet', default: 'world'})};

  async run(): Promise<void> {
    const {flags} = await this.parse(Hello);
    this.log(`Hello, ${flags.to}!`);
  }
}
