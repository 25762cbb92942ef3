import {expect} from 'chai';
import {existsSync, readFileSync, readdirSync} from 'node:fs';
import path from 'node:path';
import {pathToFileURL} from 'node:url';
import {gan, jsonLines, once, type Kill} from '../commands/helpers.js';
import {expectSame, newest, results} from '../runs/helpers.js';
import {folder, removeFolders, write} from '../plugin/helpers.js';
import {json, tinyFlags} from './helpers.js';

/** More steps than any of these runs gets to. */
const endless = ['fit', ...tinyFlags, '--steps', '1000000', '--out', 'run', '--json'];

/** What a run gives that nothing stops. */
async function undisturbed(cwd: string, args: readonly string[], steps: number) {
  expect((await gan(['fit', ...tinyFlags, ...args, '--steps', String(steps), '--out', 'whole'], {cwd})).code).to.equal(
    0,
  );
  return results(path.join(cwd, 'whole'));
}

const goOn = (cwd: string, steps: number) =>
  gan(['fit', '--resume', 'run', '--steps', String(steps)], {cwd, fresh: true});

/** Sends a signal as soon as step `n` is told of; it arrives in some later one. */
const atStep = (n: number, signal: NodeJS.Signals) => once(`"type":"step","step":${n},`, (kill: Kill) => kill(signal));

describe('a stopped gan fit', () => {
  afterEach(removeFolders);

  const cases: [signal: NodeJS.Signals, code: number, step: number, args: string[]][] = [
    ['SIGINT', 130, 5, ['--recipe', 'wgan']],
    ['SIGTERM', 143, 8, ['--recipe', 'gan', '--valid-pct', '15']],
  ];
  for (const [signal, code, step, args] of cases) {
    it(`${signal}: exits ${code}, says how to go on, and going on gives the run that nothing stopped, bit for bit`, async () => {
      const cwd = folder();
      const stopped = await gan([...endless, ...args], {cwd, onStdout: atStep(step, signal)});
      expect({code: stopped.code, signal: stopped.signal}, stopped.stderr).to.deep.equal({code, signal: null});
      expect(stopped.stderr).to.contain(`${signal}: finishing the step and writing a checkpoint`);
      const end = jsonLines(stopped.stdout).at(-1)!;
      expect(end).to.include({type: 'end', interrupted: true}).and.to.have.property('step').that.is.at.least(step);
      const last = Number(end['step']);
      expect(end['checkpoint']).to.equal(path.relative(cwd, newest(path.join(cwd, 'run'), 'checkpoints')));

      const rest = await goOn(cwd, last + 13);
      expect(rest.code, rest.stderr).to.equal(0);
      expect(rest.stderr).to.contain(`going on after step ${last}`);
      expectSame(await results(path.join(cwd, 'run')), await undisturbed(cwd, args, last + 13));
      expect(json(path.join(cwd, 'run/config.json'))).to.deep.equal(json(path.join(cwd, 'whole/config.json')));
    });
  }

  it('names the command that goes on, and it is one', async () => {
    const cwd = folder();
    const stopped = await gan(['fit', ...tinyFlags, '--steps', '1000000'], {
      cwd,
      onStderr: once('step 1/', (kill) => kill('SIGINT')),
    });
    expect(stopped.code).to.equal(130);
    const [, command] = /Stopped after step \d+. To go on:\n {2}gan (.*)\n/.exec(stopped.stderr)!;
    const more = await gan([...command!.split(' '), '--json'], {
      cwd,
      onStdout: atStep(Number(/after step (\d+)/.exec(stopped.stderr)![1]) + 1, 'SIGINT'),
    });
    expect(more.code).to.equal(130);
  });

  it('a second SIGINT ends it at once, even when the first is being obeyed', async () => {
    const cwd = folder();
    // the checkpoint never gets its name
    write(cwd, {
      'hang.mjs': `
      import fs from 'node:fs';
      import {syncBuiltinESMExports} from 'node:module';
      const {rename} = fs.promises;
      fs.promises.rename = (from, to) => (to.includes('checkpoints/step-') && !to.endsWith('.json') && !to.endsWith('.safetensors') ? new Promise(() => setInterval(() => {}, 1000)) : rename(from, to));
      syncBuiltinESMExports();`,
    });
    const first = atStep(3, 'SIGINT');
    const second = once('once more ends at once', (kill) => setTimeout(() => kill('SIGINT'), 100));
    const ran = await gan(endless, {
      cwd,
      env: {NODE_OPTIONS: `--import ${pathToFileURL(path.join(cwd, 'hang.mjs')).href}`},
      onStdout: first,
      onStderr: second,
    });
    expect({code: ran.code, signal: ran.signal}).to.deep.equal({code: 130, signal: 'SIGINT'});
    expect(jsonLines(ran.stdout).map(({type}) => type)).to.not.include('end');
  });

  it('killed again and again while it writes checkpoints: each --resume works, and the end is the same', async () => {
    const cwd = folder();
    const run = path.join(cwd, 'run');
    const args = ['--recipe', 'gan'];
    const killAfter = (checkpoints: number) => {
      let killed = false;
      return (text: string, kill: Kill): void => {
        if (killed || (text.match(/"type":"checkpoint"/g)?.length ?? 0) < checkpoints) return;
        killed = true;
        kill('SIGKILL');
      };
    };
    const last = (): number => Number(/step-(\d+)$/.exec(newest(run, 'checkpoints'))![1]);
    const first = await gan([...endless, ...args, '--checkpoint-every', '1'], {cwd, onStdout: killAfter(4)});
    expect(first.signal).to.equal('SIGKILL');
    for (const checkpoints of [1, 2, 3]) {
      const from = last();
      expect(existsSync(path.join(newest(run, 'checkpoints'), 'state.json'))).to.equal(true);
      const more = await gan(['fit', '--resume', 'run', '--json'], {cwd, onStdout: killAfter(checkpoints)});
      expect(more.signal, more.stderr).to.equal('SIGKILL');
      expect(jsonLines(more.stdout.slice(0, more.stdout.lastIndexOf('\n')))[0]).to.include({type: 'start', step: from});
      expect(last()).to.be.greaterThan(from);
    }
    const steps = last() + 7;
    expect((await goOn(cwd, steps)).code).to.equal(0);
    expectSame(await results(run), await undisturbed(cwd, args, steps));
    expect(readdirSync(path.join(run, 'checkpoints')).filter((name) => name.endsWith('.tmp'))).to.deep.equal([]);
  });

  it('killed between checkpoints: goes on from the last one and does the lost steps again', async () => {
    const cwd = folder();
    const args = ['--checkpoint-every', '10'];
    const killed = await gan([...endless, ...args], {
      cwd,
      onStdout: once(/"type":"step","step":2[5-9],/, (kill) => kill('SIGKILL')),
    });
    expect(killed.signal).to.equal('SIGKILL');
    const [, kept] = /step-0*(\d+)$/.exec(newest(path.join(cwd, 'run'), 'checkpoints'))!;
    const steps = Number(kept) + 15;
    const rest = await goOn(cwd, steps);
    expect(rest.stderr).to.contain(`going on after step ${kept}`);
    expectSame(await results(path.join(cwd, 'run')), await undisturbed(cwd, args, steps));
    expect(readFileSync(path.join(cwd, 'run/metrics.jsonl'), 'utf8')).to.match(/\n$/);
  });
}).timeout(120_000);
