import {readFileSync} from 'node:fs';
import {expect} from 'chai';
import {diagnose} from '../../../plugins/wasm/src/diagnose.js';

/** Whether Linux says that the processor has vectors of 256 bits with fused multiply-add. */
function isWide(): boolean {
  const flags = /^flags\s*:(.*)$/m.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[1]?.split(' ') ?? [];
  return process.arch === 'x64' && flags.includes('avx2') && flags.includes('fma');
}

describe('wasm: gan doctor', () => {
  before(function () {
    if (process.platform === 'linux') return;
    process.stdout.write('    skipped: not Linux, which tells what the processor has\n');
    this.skip();
  });

  it('names the versions of Node that train faster, on processors with wide vectors only', async () => {
    for (const v8 of ['11.3.244.8-node.38', '12.4.254.21-node.33']) {
      // Node 20 and 22
      const findings = await diagnose(v8);
      expect(
        findings.map(({name, state}) => [name, state]),
        v8,
      ).to.deep.equal(isWide() ? [['speed', 'warning']] : []);
      if (isWide()) expect(findings[0]).to.have.property('fix').that.contains('Node 24, 25 or 26');
    }
  });

  it('has nothing to say where this Node uses them, or where they were not tried', async () => {
    for (const v8 of ['13.6.233.8-node.26', '14.6.202.33-node.19', '99.1.0.0'])
      expect(await diagnose(v8), v8).to.deep.equal([]);
  });

  it('goes by the Node that runs it', async () => {
    const isOld = Number.parseInt(process.versions.node) < 24;
    expect(await diagnose()).to.have.length(isOld && isWide() ? 1 : 0);
  });
});
