import {fork, spawn} from 'node:child_process';
import {once} from 'node:events';
import {readFileSync} from 'node:fs';
import {fileURLToPath} from 'node:url';

const file = (name) => fileURLToPath(new URL(name, import.meta.url));

/**
 * Seconds of a processor that a process has used; NaN where there is no /proc. Clock ticks are hundredths on every
 * Linux that Node runs on.
 */
function cpuOf(pid) {
  try {
    const [utime, stime] = readFileSync(`/proc/${pid}/stat`, 'latin1')
      .replace(/^.*\) /s, '')
      .split(' ')
      .slice(11, 13);
    return (Number(utime) + Number(stime)) / 100;
  } catch {
    return NaN;
  }
}

/** `gan ui` on a folder and a page that is open, both in processes of their own. */
export async function openUi(dir) {
  const server = spawn(process.execPath, [file('../../bin/run.js'), 'ui', dir, '--port', '0', '--json', '--quiet'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = await once(server.stdout, 'data');
  const page = fork(file('page.mjs'), [JSON.parse(line).url]);
  await once(page, 'message'); // open: what starting a browser takes is no watching
  return {
    /** Seconds of a processor: the server's, the page's. */
    cpu: () => [cpuOf(server.pid), cpuOf(page.pid)],
    /** Ends both. @returns how many points and sample grids the page got */
    async close() {
      page.send('what have you seen');
      const [seen] = await once(page, 'message');
      for (const [child, end] of [
        [page, () => page.disconnect()],
        [server, () => server.kill('SIGINT')],
      ]) {
        const ended = once(child, 'exit');
        end();
        await ended;
      }
      return seen;
    },
  };
}
