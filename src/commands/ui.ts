import {Args, Flags} from '@oclif/core';
import {once} from 'node:events';
import {existsSync, statSync} from 'node:fs';
import {isGanError} from '../errors.js';
import {BaseCommand} from '../cli/command/base-command.js';
import {listenForStop} from '../cli/command/signals.js';

export default class Ui extends BaseCommand {
  static override makesThings = true;
  static override summary = 'Watch and compare runs in a browser, and draw images from them.';
  static override description =
    'Serves a local page with live losses of trainings in other processes, sample grids, configurations side by side, and images from latents that you change. Only this machine can reach the page, unless --host is given. Ctrl-C ends the command.';
  static override examples = [
    {description: 'Show the runs in runs/ in the browser', command: '<%= config.bin %> ui --open'},
    {
      description: 'Runs in another folder, on a port of your choice',
      command: '<%= config.bin %> ui experiments --port 8080',
    },
  ];
  static override args = {
    runs: Args.string({
      description:
        'folder of runs, or one run: its folder, its name in runs/ or a part of it, or latest (default: runs)',
    }),
  };
  static override flags = {
    port: Flags.integer({
      description: 'port; 0 uses any free port (default: the first free port from 6160)',
      min: 0,
      max: 65_535,
      helpValue: 'N',
    }),
    host: Flags.string({
      description:
        'address to listen on; others than this machine can see the runs, and draw, with any but the default',
      default: '127.0.0.1',
      helpValue: 'ADDRESS',
    }),
    open: Flags.boolean({description: 'open the page in the browser'}),
  };

  async run(): Promise<void> {
    const {args, flags} = await this.parse(Ui);
    const {host, port} = flags;
    const {findRun, noFolderOfRuns, runsFolder} = await import('../runs/find-run.js');
    const find = async (name: string): Promise<string> => {
      if (existsSync(name) && statSync(name).isDirectory()) return name;
      return findRun(name).catch((error: unknown) => {
        throw isGanError(error) && error.code === 'GAN_RUN_AMBIGUOUS' ? error : noFolderOfRuns(name);
      });
    };
    const dir = args.runs === undefined ? runsFolder : await find(args.runs); // the first gan fit makes it
    const registry = await this.openRegistry();
    const {serve} = await import('../ui/server/serve.js');
    const backends = async () => {
      const {probeBackends} = await import('../runs/devices/select.js');
      return (await probeBackends(registry)).map(({name, probe}) =>
        probe.ok ? {name, ok: true} : {name, ok: false, why: probe.why},
      );
    };
    const stop = listenForStop(() => {});
    try {
      const packages = [...this.config.plugins.values()].map(({root}) => root);
      const server = await serve({
        dir,
        host,
        version: this.config.version,
        packages,
        backends,
        ...(port !== undefined && {port}),
      });
      this.json({url: server.url, runs: dir});
      this.result(server.url);
      this.talk(`Showing the runs in ${dir}. Press Ctrl-C to stop.`);
      if (flags.open)
        await openInBrowser(server.url).catch((error: Error) =>
          this.warning(`could not open a browser: ${error.message}`),
        );
      // a page that `gan fit --ui` started ends with it
      if (!stop.signal.aborted) await Promise.race([once(stop.signal, 'abort'), once(process, 'disconnect')]);
      await server.close();
      if (stop.fault) throw stop.fault.error;
      process.exitCode = stop.exitCode;
    } finally {
      stop.dispose();
    }
  }
}

async function openInBrowser(url: string): Promise<void> {
  const {default: open} = await import('open');
  const child = await open(url);
  child.on('error', () => {}); // where there is no browser; the URL has been printed
}
