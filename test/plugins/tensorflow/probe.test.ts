import {execFileSync, spawnSync} from 'node:child_process';
import {cpSync, mkdirSync, writeFileSync} from 'node:fs';
import {createRequire} from 'node:module';
import path from 'node:path';
import {expect} from 'chai';
import type {Probe} from '../../../dist/backends/device.js';
import {gan, jsonLines, root} from '../../commands/helpers.js';
import {folder, removeFolders} from '../../plugin/helpers.js';

const home = path.join(root, 'plugins/tensorflow');
const gpuPackage = '@tensorflow/tfjs-node-gpu';

/** What `gan backends` says of the backend in a project. */
async function listed(cwd: string): Promise<Probe> {
  const ran = await gan(['backends', '--json'], {cwd});
  expect(ran.code, ran.stderr).to.equal(0);
  return jsonLines(ran.stdout).find(({name}) => name === 'tensorflow')!['probe'] as Probe;
}

/** The reason of a refusal, and the remedy. */
async function refusal(cwd: string): Promise<{why: string; fix: string}> {
  const probe = await listed(cwd);
  if (probe.ok) return expect.fail('it can run');
  expect(probe.why).to.not.include('\n');
  return probe;
}

/** A stand-in for the native addon, compiled from C: what it does when it is loaded, and what it says of GPUs. */
function compileAddon(file: string, {onLoad = '', gpu = false}: {onLoad?: string; gpu?: boolean}): void {
  const headers = path.join(
    path.dirname(createRequire(path.join(home, 'package.json')).resolve('node-api-headers/package.json')),
    'include',
  );
  const source = path.join(folder(), 'addon.c');
  writeFileSync(
    source,
    `
    #include <node_api.h>
    #include <stdio.h>
    #include <stdlib.h>
    static napi_value gpu(napi_env env, napi_callback_info info) {
      napi_value v; napi_get_boolean(env, ${gpu}, &v);
      fputs("2022 W tensorflow/dso_loader.cc:64] Could not load dynamic library 'libcudart.so.11.0'; dlerror: no such file\\n", stderr);
      return v;
    }
    NAPI_MODULE_INIT() {
      ${onLoad}
      napi_value v;
      napi_create_string_utf8(env, "2.9.1", NAPI_AUTO_LENGTH, &v); napi_set_named_property(env, exports, "TF_Version", v);
      napi_create_function(env, "gpu", NAPI_AUTO_LENGTH, gpu, 0, &v); napi_set_named_property(env, exports, "isUsingGpuDevice", v);
      return exports;
    }`,
  );
  mkdirSync(path.dirname(file), {recursive: true});
  execFileSync('g++', ['-x', 'c', '-shared', '-fPIC', `-I${headers}`, source, '-o', file]);
}

const hasCompiler = spawnSync('g++', ['--version']).status === 0;
const build = (cwd: string, args: string[], env: Record<string, string> = {}) =>
  spawnSync(process.execPath, [path.join(home, 'build-addon.mjs'), ...args], {
    cwd,
    encoding: 'utf8',
    env: {...process.env, ...env},
  });

describe('tensorflow: what is said where it cannot run', function () {
  this.timeout(120_000);
  let project: string;
  let addon: string;

  before(function () {
    project = folder();
    writeFileSync(path.join(project, 'package.json'), '{"private": true}');
    // the package as it is, without its install script
    const packed = spawnSync('npm', ['pack', '--silent', `${gpuPackage}@4.22.0`], {
      cwd: project,
      encoding: 'utf8',
      shell: process.platform === 'win32',
    });
    if (packed.status !== 0) {
      process.stdout.write(`    skipped: npm could not fetch ${gpuPackage}\n`);
      this.skip();
    }
    const at = path.join(project, 'node_modules', gpuPackage);
    mkdirSync(at, {recursive: true});
    execFileSync('tar', ['xzf', path.join(project, packed.stdout.trim()), '-C', at, '--strip-components=1']);
    addon = path.join(at, 'lib/napi-v8/tfjs_binding.node');
  });
  after(removeFolders);

  it('nothing is installed: that, and how to get it', async () => {
    const {why, fix} = await refusal(folder());
    expect(why).to.equal('neither @tensorflow/tfjs-node-gpu nor @tensorflow/tfjs-node is installed');
    expect(fix).to.include(`npm install ${gpuPackage}`);
  });

  it('the JavaScript is there without the addon: exit 4 with the reason and both remedies, and other backends work', async () => {
    const ran = await gan(['fit', '--backend', 'tensorflow'], {cwd: project});
    expect(ran.code).to.equal(4);
    expect(ran.stderr)
      .to.include(`${gpuPackage} 4.22.0 has no native addon`)
      .and.include('npm rebuild')
      .and.include('gan-tensorflow-addon');
    expect(ran.stderr).to.not.match(/^\s+at /m);
    const other = await gan(['fit', '--backend', 'tensorflow', '--set', 'backend.package=tfjs-node'], {cwd: project});
    expect(other.stderr).to.include('@tensorflow/tfjs-node is not installed');
  });

  it('the addon is no library', async () => {
    mkdirSync(path.dirname(addon), {recursive: true});
    writeFileSync(addon, 'no library');
    expect((await refusal(project)).why).to.match(
      /does not load: .*(invalid ELF header|file too short|not a mach-o|not a valid Win32)/i,
    );
  });

  it('the addon ends the process that loads it, and not this one', async function () {
    if (!hasCompiler) this.skip();
    compileAddon(addon, {onLoad: 'abort();'});
    expect((await refusal(project)).why).to.include('does not load: it ended the process that loaded it (SIGABRT)');
  });

  it('there is no GPU for the package for GPUs: the library that TensorFlow missed', async function () {
    if (!hasCompiler) this.skip();
    compileAddon(addon, {gpu: false});
    const {why, fix} = await refusal(project);
    expect(why).to.equal(
      `TensorFlow 2.9.1 of ${gpuPackage} finds no GPU that it can use: Could not load dynamic library 'libcudart.so.11.0'`,
    );
    expect(fix).to.include('CUDA 11.2').and.include('backend.package=tfjs-node');
  });

  it('there is one: its facts', async function () {
    if (!hasCompiler) this.skip();
    compileAddon(addon, {gpu: true});
    expect(await listed(project)).to.deep.include({
      ok: true,
      info: {package: `${gpuPackage} 4.22.0`, tensorflow: '2.9.1', device: 'GPU'},
    });
  });

  describe('gan-tensorflow-addon', () => {
    before(function () {
      if (process.platform !== 'linux') this.skip();
    });

    it('wants a package to build for', () => {
      const {status, stderr} = build(folder(), []);
      expect({status}).to.deep.equal({status: 1});
      expect(stderr)
        .to.include('npm install --ignore-scripts')
        .and.not.match(/^\s+at /m);
    });

    it('wants a TensorFlow', () => {
      expect(build(project, [], {PYTHON: 'no-such-python'}).stderr).to.include(
        'no-such-python has no TensorFlow: pip install',
      );
      const empty = folder();
      expect(build(project, ['--tensorflow', empty]).stderr).to.include(`${empty} has no include/tensorflow/c/c_api.h`);
    });

    it('says what is wrong with its arguments, with the exit code 2', () => {
      const {status, stderr} = build(project, ['--nope']);
      expect({status}).to.deep.equal({status: 2});
      expect(stderr).to.include("'--nope'");
    });

    it('leaves the addon that is there when the compiler fails', async function () {
      if (!hasCompiler) this.skip();
      compileAddon(addon, {gpu: true});
      const broken = folder();
      mkdirSync(path.join(broken, 'include/tensorflow/c'), {recursive: true});
      writeFileSync(path.join(broken, 'include/tensorflow/c/c_api.h'), '#error broken on purpose');
      cpSync(addon, path.join(broken, 'libtensorflow_cc.so.2'));
      const {status, stderr} = build(project, ['--tensorflow', broken]);
      expect(status).to.equal(1);
      expect(stderr).to.include('could not compile the addon');
      expect(await listed(project)).to.include({ok: true});
      expect(build(project, ['--tensorflow', broken], {CXX: 'no-such-compiler'}).stderr).to.include(
        'no C++ compiler no-such-compiler',
      );
    });
  });
});
