import {execFile} from 'node:child_process';

/** The facts that an addon reports, or why it could not be loaded. */
export type Answer = {ok: true; tensorflow: string; gpu: boolean; warning?: string} | {ok: false; why: string};

/** TensorFlow needs a second or two; with several GPUs some more. */
const limitMs = 30_000;

const script = `
  const addon = require(process.argv[1]);
  console.log(JSON.stringify({ok: true, tensorflow: addon.TF_Version, gpu: addon.isUsingGpuDevice()}));
`;

/** Loads an addon in a process of its own: a library that does not fit may end the process that loads it. */
export function tryAddon(file: string): Promise<Answer> {
  const env = {...process.env, NODE_OPTIONS: '', TF_CPP_MIN_LOG_LEVEL: '1'};
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      ['--eval', script, file],
      {timeout: limitMs, killSignal: 'SIGKILL', env},
      (error, stdout, stderr) => {
        const last = stdout.trimEnd().split('\n').at(-1) ?? '';
        if (last.startsWith('{')) {
          const warning = warningOf(stderr);
          resolve({...(JSON.parse(last) as Extract<Answer, {ok: true}>), ...(warning !== undefined && {warning})});
        } else if (error?.killed) resolve({ok: false, why: `TensorFlow did not answer within ${limitMs / 1000} s`});
        else if (error?.signal) resolve({ok: false, why: `it ended the process that loaded it (${error.signal})`});
        else
          resolve({
            ok: false,
            why:
              /^\w*Error: (.*)$/m.exec(stderr)?.[1] ?? `it ended the process that loaded it (exit ${error?.code ?? 0})`,
          });
      },
    );
  });
}

/**
 * TensorFlow says on stderr which library of CUDA it missed: the first line of that kind, without its time and place.
 */
function warningOf(stderr: string): string | undefined {
  const line = stderr
    .split('\n')
    .find((text) =>
      /could not load dynamic library|cannot dlopen|could not find cuda|failed call to cuInit/i.test(text),
    );
  return line
    ?.replace(/^.*?\] /, '')
    .replace(/;.*$/, '')
    .trim();
}
