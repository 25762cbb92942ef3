import {spawnSync} from 'node:child_process';
import {cpSync, existsSync, readdirSync, symlinkSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import {expect} from 'chai';
import {findAddon} from '../../../plugins/native/src/addon.js';
import {folder, removeFolders} from '../../plugin/helpers.js';
import {needsAddon} from './support.js';

const root = path.resolve('.');

describe('native: what fails', () => {
  after(removeFolders);

  /** Builds in a folder with nothing but the sources of the kernels. */
  function build(env: Record<string, string>) {
    const here = folder();
    for (const part of ['build-kernels.mjs', 'kernels'])
      cpSync(path.join(root, 'plugins/native', part), path.join(here, part), {recursive: true});
    symlinkSync(path.join(root, 'node_modules'), path.join(here, 'node_modules'), 'junction');
    const ended = spawnSync(process.execPath, ['build-kernels.mjs'], {cwd: here, encoding: 'utf8', env});
    expect([ended.status, ended.stderr]).to.deep.equal([0, '']);
    const left = existsSync(path.join(here, 'dist')) ? readdirSync(path.join(here, 'dist')) : [];
    return {stdout: ended.stdout, left};
  }

  it('a build without a compiler on the path says so in one line, and is no failure', () => {
    const {stdout, left} = build({PATH: folder()});
    expect(stdout).to.match(/^gan-plugin-native: no C\+\+ compiler, [^\n]*--backend wasm[^\n]*\n$/);
    expect(left).to.deep.equal([]);
  });

  it('a build with a compiler that is too old says so in one line, with its reason, and is no failure', function () {
    if (process.platform === 'win32') this.skip();
    const bin = folder();
    const old = path.join(bin, 'old-c++');
    // one that knows no newer instruction set, and cannot compile the sources
    writeFileSync(
      old,
      `#!/bin/sh
case "$*" in
  *--version*) echo 'c++ 4.9.2' ;;
  *' -E '*) exit 1 ;;
  *) echo 'In file included from isa.cc:3:' >&2; echo "vector.h:99: error: no vectors" >&2; exit 1 ;;
esac
`,
      {mode: 0o755},
    );
    for (const CXX of [old, `env ${old} -m64`]) {
      const {stdout, left} = build({PATH: process.env['PATH'] ?? '', CXX});
      expect(stdout).to.match(
        /^gan-plugin-native: \S[^\n]*old-c\+\+[^\n]* cannot compile its kernels[^\n]*\(vector\.h:99: error: no vectors\)[^\n]*--backend wasm[^\n]*g\+\+ 11[^\n]*\n$/,
      );
      expect(left).to.deep.equal([]);
    }
  });

  describe('threads that cannot be had', () => {
    needsAddon();

    it('are told, those that were started end, and fewer can be used', function () {
      const compiler = process.env['CXX'] ?? 'c++';
      if (process.platform !== 'linux' || spawnSync(compiler, ['--version']).status !== 0) this.skip();
      // A system that has one more thread from the moment on that the variable is set.
      const dir = folder();
      const source = path.join(dir, 'few-threads.cc');
      const library = path.join(dir, 'few-threads.so');
      writeFileSync(
        source,
        `#include <dlfcn.h>
#include <pthread.h>
#include <cerrno>
#include <cstdlib>
extern "C" int pthread_create(pthread_t* thread, const pthread_attr_t* how, void* (*body)(void*), void* with) {
  static int more = 1;
  if (getenv("FEW_THREADS") && more-- <= 0) return EAGAIN;
  return ((int (*)(pthread_t*, const pthread_attr_t*, void* (*)(void*), void*))dlsym(RTLD_NEXT, "pthread_create"))(thread, how, body, with);
}
`,
      );
      const built = spawnSync(compiler, ['-shared', '-fPIC', source, '-o', library, '-ldl'], {encoding: 'utf8'});
      expect(built.status, built.stderr).to.equal(0);
      const program = `
        const {buffer} = new WebAssembly.Memory({initial: 1, maximum: 65536, shared: true});
        const {open} = require(${JSON.stringify(findAddon())});
        process.env.FEW_THREADS = '1';
        try { open(new Uint8Array(buffer), 4); } catch (error) { console.log(error.message); }
        const kernels = open(new Uint8Array(buffer), 1);
        new Float32Array(buffer)[0] = 9;
        kernels.sqrt(0, 4, 1);
        console.log(new Float32Array(buffer)[1]);
        kernels.close();`;
      const {status, stdout, stderr} = spawnSync(process.execPath, ['-e', program], {
        encoding: 'utf8',
        env: {...process.env, LD_PRELOAD: library},
      });
      expect({status, stdout, stderr}).to.deep.equal({
        status: 0,
        stdout: 'no more threads can be started; try --threads 1\n3\n',
        stderr: '',
      });
    });
  });

  describe('a crash', () => {
    needsAddon();

    it('names the kernel that ran, in the calling thread and in another', function () {
      if (process.platform === 'win32') this.skip();
      // Behind a WebAssembly memory of one page there are only addresses that must not be used.
      const program = `
        const {buffer} = new WebAssembly.Memory({initial: 1, maximum: 65536, shared: true});
        const kernels = require(${JSON.stringify(findAddon())}).open(new Uint8Array(buffer), 2);
        kernels.sqrt(0xf0000000, 0xf1000000, Number(process.argv[1]));`;
      for (const count of [10, 4_000_000]) {
        const {status, signal, stderr} = spawnSync(process.execPath, ['-e', program, String(count)], {
          encoding: 'utf8',
        });
        expect(status).to.not.equal(0);
        expect(signal).to.equal('SIGSEGV');
        expect(stderr).to.contain('the kernel sqrt crashed; GAN_NATIVE=off trains without it');
      }
    });
  });
});
